// Rows of `gather` that are multiples of four words long: four at a time.
alias Part = vec4<u32>;
const WORDS: u32 = 4u; // in a part
