// The terms from `first` to before `end` added to what there is, in their order, eight of them
// loaded at once. Whoever imports this loads them: `term(number, index)`.
fn ordered_sum(so_far: f32, first: u32, end: u32, index: u32) -> f32 {
    var sum = so_far;
    var i = first;
    for (; i + 8u <= end; i += 8u) {
        let a = term(i, index);
        let b = term(i + 1u, index);
        let c = term(i + 2u, index);
        let d = term(i + 3u, index);
        let e = term(i + 4u, index);
        let f = term(i + 5u, index);
        let g = term(i + 6u, index);
        let h = term(i + 7u, index);
        sum = (((((((sum + a) + b) + c) + d) + e) + f) + g) + h;
    }
    for (; i < end; i++) {
        sum += term(i, index);
    }
    return sum;
}
