// Rows of `gather` of any length: a word at a time, so that nobody writes into a vector of which
// another thread writes the rest.
alias Part = u32;
const WORDS: u32 = 1u; // in a part
