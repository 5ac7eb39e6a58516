//! Against sums term by term, on every instruction set that there is here.

use pulp::{Arch, Simd, WithSimd};

use super::blocks::{COLUMNS, DEPTH, ROWS};
use super::*;
use crate::backend::aligned::Aligned;

/// Around the tiles' rows and the lanes, and primes.
const SIZES: [usize; 12] = [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 53, 67];

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let number = |at: usize| {
        (at.wrapping_mul(2_654_435_761).wrapping_add(seed.wrapping_mul(0x9E37_79B9)) >> 7) % 2001
    };
    (0..count).map(|at| number(at) as f32 / 1000.0 - 1.0).collect()
}

/// The operands of a product in every form.
struct Case {
    size: [usize; 3],
    a: Vec<f32>,
    a_transposed: Vec<f32>,
    /// Aligned, so that what may be read where it stands is.
    b: Aligned<f32>,
    panels: Vec<f32>,
    bias: Vec<f32>,
    c: Vec<f32>,
}

impl Case {
    fn new(size: [usize; 3]) -> Self {
        Self::with(size, numbers(size[0] * size[2], 1))
    }

    /// A third of the numbers on the left is not zero, and in some rows and columns none.
    fn sparse(size: [usize; 3]) -> Self {
        let [m, _, k] = size;
        let (mut a, keep) = (numbers(m * k, 1), numbers(m * k, 5));
        for (at, (a, keep)) in a.iter_mut().zip(keep).enumerate() {
            if keep < 0.2 || at / k % 11 == 3 || at % k % 13 == 5 {
                *a = if keep < -0.5 { -0.0 } else { 0.0 };
            }
        }
        Self::with(size, a)
    }

    fn with(size: [usize; 3], a: Vec<f32>) -> Self {
        let [m, n, k] = size;
        let mut b = Aligned::zeros(k * n);
        b.copy_from_slice(&numbers(k * n, 2));
        let transpose = |matrix: &[f32], rows: usize, columns: usize| -> Vec<f32> {
            let of = |at: usize| matrix[at % rows * columns + at / rows];
            (0..rows * columns).map(of).collect()
        };
        let (a_transposed, weight) = (transpose(&a, m, k), transpose(&b, k, n));
        let mut panels = vec![0.0; panel_words(n, k)];
        let count = n.div_ceil(PANEL);
        // In two parts, as two threads do.
        let (first, second) = panels.split_at_mut(count / 2 * PANEL * k);
        put_into_panels(&weight, [n, k], 0..count / 2, first);
        put_into_panels(&weight, [n, k], count / 2..count, second);
        Self { size, a, a_transposed, b, panels, bias: numbers(n, 3), c: numbers(m * n, 4) }
    }

    /// In float64, with what the magnitudes of its terms allow for rounding.
    fn exact(&self, start: Start<'_>) -> Vec<(f64, f64)> {
        let [m, n, k] = self.size;
        let element = |at: usize| {
            let (i, j) = (at / n, at % n);
            let begin = f64::from(match start {
                Start::Zero => 0.0,
                Start::Kept => self.c[at],
                Start::Row(bias) => bias[j],
            });
            let terms = (0..k).map(|l| f64::from(self.a[i * k + l]) * f64::from(self.b[l * n + j]));
            let (sum, size) = terms
                .fold((begin, begin.abs()), |(sum, size), term| (sum + term, size + term.abs()));
            (sum, (1.0 + size) * 1.2e-7 * (2.0 + (k as f64).sqrt()))
        };
        (0..m * n).map(element).collect()
    }

    fn lefts(&self) -> [(&[f32], Layout); 2] {
        let [m, _, k] = self.size;
        [(&self.a[..], Layout::rows(k)), (&self.a_transposed[..], Layout::rows(m).transposed())]
    }

    /// Whether zeros are left out, of both forms of A.
    fn pays(&self) -> [bool; 2] {
        self.lefts()
            .map(|(a, layout)| sparse::fits(self.size) && sparse::pays(self.size, a, layout))
    }

    /// With each start, both forms of A and both of B, and both with all terms and with those that
    /// are not zero.
    fn check(&self, on: On) {
        let [_, n, k] = self.size;
        let mut workspace = Workspace::default();
        for (name, start) in
            [("zero", Start::Zero), ("kept", Start::Kept), ("row", Start::Row(&self.bias))]
        {
            let exact = self.exact(start);
            let rights = [Right::Rows(&self.b, n), Right::Panels(&self.panels)];
            let mut first: Option<Vec<f32>> = None;
            for (a, b) in self.lefts().iter().flat_map(|a| rights.map(|b| (*a, b))) {
                let mut c = self.c.clone();
                let into = (&mut c[..], start);
                on.run(Nest::new(self.size, into, a, b, &mut workspace.packing, &|_, _| {}));
                for (at, (found, (exact, allowed))) in c.iter().zip(&exact).enumerate() {
                    assert!(
                        (f64::from(*found) - exact).abs() <= *allowed,
                        "{on:?} {:?}, {name}: C[{at}] is {found}, not {exact}",
                        self.size
                    );
                }
                assert!(first.get_or_insert_with(|| c.clone()) == &c, "the forms' numbers differ");
                if k > 0 {
                    let mut sparse = self.c.clone();
                    let into = (&mut sparse[..], start);
                    on.run(Sparse::new(self.size, into, a, b, &mut workspace.sparse, &|_, _| {}));
                    assert!(sparse == c, "{on:?} {:?}, {name}: zeros count", self.size);
                }
            }
        }
    }
}

/// An instruction set.
#[derive(Clone, Copy, Debug)]
enum On {
    Auto,
    Scalar,
    /// As on processors without AVX-512. Without pulp's feature of that name there would be no such
    /// arm, and they would run scalar code.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
}

impl On {
    fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        match self {
            Self::Auto => dispatch(op),
            Self::Scalar => pulp::Scalar.vectorize(op),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => Arch::V3(avx2).dispatch(op),
        }
    }
}

/// Each instruction set of this processor.
fn everywhere(case: &Case) {
    case.check(On::Auto);
    case.check(On::Scalar);
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        case.check(On::Avx2(avx2));
    }
}

#[test]
fn products_of_ragged_sizes_agree_with_sums_term_by_term() {
    for m in SIZES {
        for n in SIZES {
            everywhere(&Case::new([m, n, 5]));
        }
        for k in SIZES {
            everywhere(&Case::new([m, 19, k]));
        }
    }
}

/// Past the depth and the columns of a block, and past what is packed.
#[test]
fn products_of_several_blocks_agree_too() {
    for size in [
        [41, COLUMNS + 33, DEPTH + 1],
        [ROWS + 9, 2 * PANEL * 3 + 1, 2 * DEPTH + 3],
        [37, 1031, 300],
        [3, 5, 3 * DEPTH],
    ] {
        everywhere(&Case::new(size));
    }
}

/// Around the squares' sides, and past the rows, the depth and the columns of a block.
#[test]
fn products_without_their_zeros_make_the_same_numbers() {
    for size in [
        [64, 128, 64],
        [65, 130, 127],
        [131, 160, 97],
        [70, 160, DEPTH + 70],
        [67, 257, DEPTH + 70],
        [ROWS + 70, 129, DEPTH + 1],
        [200, COLUMNS + 100, 2 * DEPTH + 3],
    ] {
        let case = Case::sparse(size);
        assert_eq!(case.pays(), [true; 2], "{size:?}");
        everywhere(&case);
    }
    everywhere(&Case::with([70, 80, 90], vec![0.0; 70 * 90]));
}

#[test]
fn zeros_are_left_out_where_they_are_many() {
    let with = |size: [usize; 3], live: usize| {
        // In a pattern that both rows and columns cut evenly.
        let a = (0..size[0] * size[2]).map(|at| at % size[2] + at / size[2]);
        Case::with(size, a.map(|at| if at % 20 < live { 1.0 } else { 0.0 }).collect())
    };
    for (size, live, pays) in [
        ([80, 64, 80], 10, true),
        ([80, 64, 80], 13, false),
        // It is estimated in columns of whole squares: here two.
        ([80, 65, 80], 10, false),
        ([80, 640, 80], 12, true),
        ([80, 640, 80], 14, false),
        ([63, 640, 80], 0, false),
        ([80, 63, 80], 0, false),
        ([80, 640, 63], 0, false),
    ] {
        assert_eq!(with(size, live).pays(), [pays; 2], "{size:?}, {live} of 20");
    }
}

#[test]
fn without_terms_a_sum_is_its_start() {
    let case = Case { bias: vec![0.5; 3], ..Case::new([5, 3, 0]) };
    everywhere(&case);
}

#[test]
fn what_is_not_finite_shows_where_it_belongs() {
    for (m, n, k) in [(9, 37, 21), (40, 70, 300)] {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut case = Case::new([m, n, k]);
            case.b[(k - 1) * n + n - 1] = bad;
            let mut c = vec![0.0; m * n];
            let (a, b) = ((&case.a[..], Layout::rows(k)), Right::Rows(&case.b, n));
            product(case.size, (&mut c, Start::Zero), a, b, &mut Workspace::default());
            for (at, c) in c.iter().enumerate() {
                assert_eq!(c.is_finite(), at % n != n - 1, "C[{at}] of {:?}", case.size);
            }
        }
    }
}

/// What a number of A that is not finite comes to; of B, it is nothing where A is zero.
#[test]
fn what_is_not_finite_shows_without_zeros_too() {
    let mut case = Case::sparse([70, 80, 90]);
    let [m, n, k] = case.size;
    let (row, column) = (17, 33);
    case.a[row * k + 5] = f32::NAN;
    case.b[7 * n + column] = f32::INFINITY;
    let mut c = vec![0.0; m * n];
    let (a, b) = ((&case.a[..], Layout::rows(k)), Right::Rows(&case.b, n));
    let into = (&mut c[..], Start::Zero);
    dispatch(Sparse::new(case.size, into, a, b, &mut Workspace::default().sparse, &|_, _| {}));
    for (at, c) in c.iter().enumerate() {
        let (i, j) = (at / n, at % n);
        let touched = i == row || j == column && case.a[i * k + 7] != 0.0;
        assert_eq!(c.is_finite(), !touched, "C[{at}]");
    }
}

#[test]
fn rows_shared_out_make_the_same_numbers() {
    // Of the second, the parts of 64 rows or more are without their zeros.
    for case in [Case::new([77, 45, 290]), Case::sparse([130, 130, 290])] {
        let [m, n, k] = case.size;
        let run = |rows: std::ops::Range<usize>| {
            let mut c = vec![0.0; rows.len() * n];
            let (size, a) = ([rows.len(), n, k], &case.a[rows.start * k..rows.end * k]);
            let (a, b) = ((a, Layout::rows(k)), Right::Panels(&case.panels));
            product(size, (&mut c, Start::Row(&case.bias)), a, b, &mut Workspace::default());
            c
        };
        let whole = run(0..m);
        for cut in [1, 8, 38, 64, 76] {
            assert!(whole == [run(0..cut), run(cut..m)].concat(), "cut at {cut}");
        }
    }
}

#[test]
fn every_element_is_finished_once_and_where_it_stands() {
    let cases = [[3, 5, 7], [17, 33, 300], [9, COLUMNS + 5, 600], [ROWS + 1, 40, 0]].map(Case::new);
    // At once, and piece by piece.
    let sparse = [[70, 129, 300], [ROWS + 1, 200, DEPTH + 44]].map(Case::sparse);
    assert!(sparse.iter().all(|case| case.pays() == [true; 2]));
    for case in cases.iter().chain(&sparse) {
        let size = case.size;
        let [m, n, k] = size;
        let (mut plain, mut finished) = (vec![0.0; m * n], vec![0.0; m * n]);
        let (a, b) = ((&case.a[..], Layout::rows(k)), Right::Rows(&case.b, n));
        let mut workspace = Workspace::default();
        product(size, (&mut plain, Start::Zero), a, b, &mut workspace);
        let finish = |piece: &mut [f32], at: usize| {
            piece.iter_mut().enumerate().for_each(|(next, c)| *c += (at + next + 1) as f32);
        };
        product_then(size, (&mut finished, Start::Zero), a, b, &mut workspace, &finish);
        for (at, (plain, finished)) in plain.iter().zip(finished).enumerate() {
            assert_eq!(finished, plain + (at + 1) as f32, "C[{at}] of {size:?}");
        }
    }
}

#[test]
fn dots_agree_with_sums_term_by_term() {
    for m in [1, 2, 3, 8] {
        for n in SIZES {
            for k in SIZES {
                let case = Case::new([m, n, k]);
                let weight: Vec<f32> = (0..n * k).map(|at| case.b[at % k * n + at / k]).collect();
                let mut y = vec![f32::NAN; m * n];
                dots(case.size, &mut y, &case.a, &weight, &case.bias);
                for (y, (exact, allowed)) in y.iter().zip(case.exact(Start::Row(&case.bias))) {
                    assert!((f64::from(*y) - exact).abs() <= allowed, "{:?}", case.size);
                }
            }
        }
    }
}
