//! The microbenchmarks' twins on all threads, and the roof of the serving sweep's mix. On a device: `gigawatt bench`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gigawatt::engine::{cpu::Threads, instruction_set};
use gigawatt::kernel::Kernel;
use gigawatt::kernel::microbench::Microbench;
use gigawatt::kernel::microbench::attention::Attention;
use gigawatt::kernel::microbench::matrix_vector::MatrixVector;
use gigawatt::kernel::microbench::mix::{Mix, WIDTHS};
use gigawatt::kernel::microbench::product::Product;
use gigawatt::kernel::microbench::reduction::Reduction;
use gigawatt::kernel::microbench::stream::Arrays;
use gigawatt::kernel::serving_sweep::ServingSweep;
use gigawatt::kernel::serving_sweep::sample::design_space;

const SEED: u64 = 1;

fn fill(criterion: &mut Criterion, threads: usize, benches: &[&dyn Fill]) {
    let mut group =
        criterion.benchmark_group(format!("microbench, {threads} threads, {}", instruction_set()));
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(20);
    let threads = Threads::new(threads).expect("threads start");
    for bench in benches {
        let mut results = vec![0.0; bench.count()];
        group.throughput(bench.throughput());
        group.bench_function(BenchmarkId::new(bench.title(), bench.size()), |bencher| {
            bencher.iter(|| bench.fill(&threads, black_box(&mut results)));
        });
    }
    group.finish();
}

/// A benchmark whose type does not matter any more.
trait Fill {
    fn title(&self) -> &'static str;
    fn size(&self) -> String;
    fn count(&self) -> usize;
    fn throughput(&self) -> Throughput;
    fn fill(&self, threads: &Threads, results: &mut [f32]);
}

impl<M: Microbench> Fill for M {
    fn title(&self) -> &'static str {
        self.name()
    }
    fn size(&self) -> String {
        self.shape()
    }
    fn count(&self) -> usize {
        self.results()
    }
    /// Bytes where the pattern is about memory, else operations.
    fn throughput(&self) -> Throughput {
        let work = self.work();
        if work.flop > 8.0 * work.bytes {
            Throughput::Elements(work.flop as u64)
        } else {
            Throughput::Bytes(work.bytes as u64)
        }
    }
    fn fill(&self, threads: &Threads, results: &mut [f32]) {
        threads.fill(self, results);
    }
}

fn patterns(criterion: &mut Criterion) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let arrays = Arrays::new(SEED, 1 << 24);
    let [copy, scale, add, triad] = arrays.benches();
    let reduction = Reduction::new(SEED, 1 << 24);
    let layer = MatrixVector::new(SEED, 4_096, 4_096);
    let attention = Attention::new(SEED, 4, 8, 2_048);
    let product = Product::single(SEED, 512);
    let all: [&dyn Fill; 8] = [&copy, &scale, &add, &triad, &reduction, &layer, &attention, &product];
    fill(criterion, threads, &all);
}

fn roof(criterion: &mut Criterion) {
    let sweep = ServingSweep::new(design_space(SEED, 1, 64)).expect("the sample is valid");
    let mix = sweep.operations(0).expect("its operations are counted");
    let widths = WIDTHS.map(|lanes| Mix::of(&mix, 1 << 13, 10, lanes));
    for mix in &widths {
        fill(criterion, 1, &[mix]);
    }
}

criterion_group!(benches, patterns, roof);
criterion_main!(benches);
