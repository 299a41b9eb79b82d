//! Microbenchmarks on the threads of the CPU.

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::Threads;
use crate::kernel::microbench::Microbench;

/// Parts that each thread gets, so that a slow one holds nobody up.
const PARTS_OF_A_THREAD: usize = 4;

impl Threads {
    /// Fills all results on these threads.
    pub fn fill<M: Microbench>(&self, bench: &M, results: &mut [f32]) {
        self.run(|| fill(bench, results));
    }
}

/// Fills all results with the widest vectors and all threads at hand.
pub fn fill<M: Microbench>(bench: &M, results: &mut [f32]) {
    let grains = results.len() / bench.grain();
    let parts = PARTS_OF_A_THREAD * rayon::current_num_threads();
    let part = grains.div_ceil(parts).max(1) * bench.grain();
    results.par_chunks_mut(part).enumerate().for_each(|(place, results)| {
        pulp::Arch::new().dispatch(Fill { bench, first: place * part, results });
    });
}

/// The loop as a value, so that its body is inlined into a function of each instruction set.
struct Fill<'a, M: Microbench> {
    bench: &'a M,
    first: usize,
    results: &'a mut [f32],
}

impl<M: Microbench> pulp::NullaryFnOnce for Fill<'_, M> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.bench.fill(self.first, self.results);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::microbench::attention::Attention;
    use crate::kernel::microbench::product::Product;
    use crate::kernel::microbench::stream::Arrays;

    /// Threads and vectors compute what the plain loop does, bit for bit.
    fn agrees(bench: &impl Microbench) {
        let mut plain = vec![0.0; bench.results()];
        bench.fill(0, &mut plain);
        let mut parallel = vec![0.0; bench.results()];
        Threads::new(3).unwrap().fill(bench, &mut parallel);
        let same = plain.iter().zip(&parallel).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same, "{}", bench.name());
    }

    #[test]
    fn the_twin_does_not_depend_on_vectors_and_threads() {
        Arrays::new(1, 20_000).benches().iter().for_each(agrees);
        agrees(&Product::single(1, 128));
        agrees(&Attention::new(1, 3, 2, 128));
    }
}
