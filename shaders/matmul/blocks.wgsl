// What threads have in common that hold blocks of 4 x 4 sums in registers.
override THREADS_M: u32; // threads down a tile,
override THREADS_N: u32; // and across it

// The products of four rows and four columns.
fn outer(a: vec4<f32>, b: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(a.x * b, a.y * b, a.z * b, a.w * b);
}

// Where a thread stands, down and across: in strips of eight, two rows at a time. Of the threads that a
// device runs in step, two side by side read the same across, and those further on the same down.
fn standing(thread: u32) -> vec2<u32> {
    let strip = min(THREADS_N, 8u);
    return vec2<u32>(
        thread % 2u + 2u * (thread / (2u * strip) % (THREADS_M / 2u)),
        thread / 2u % strip + strip * (thread / (THREADS_M * strip)),
    );
}
