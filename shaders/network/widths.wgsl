// The widths of a network's layers, input first, known to the compiler.
override LAYERS: u32;
override WIDTH_0: u32;
override WIDTH_1: u32;
override WIDTH_2: u32;
override WIDTH_3: u32;
override WIDTH_4: u32;
override WIDTH_5: u32;
override WIDTH_6: u32;
override WIDTH_7: u32;
override WIDTH_8: u32;
override WIDTH_9: u32;

fn known_width(layer: u32) -> u32 {
    switch (layer) {
        case 0u: { return WIDTH_0; }
        case 1u: { return WIDTH_1; }
        case 2u: { return WIDTH_2; }
        case 3u: { return WIDTH_3; }
        case 4u: { return WIDTH_4; }
        case 5u: { return WIDTH_5; }
        case 6u: { return WIDTH_6; }
        case 7u: { return WIDTH_7; }
        case 8u: { return WIDTH_8; }
        default: { return WIDTH_9; }
    }
}
