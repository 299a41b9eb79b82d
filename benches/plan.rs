//! Time of one plan: resolve, size, search, price, tell.

use criterion::{Criterion, criterion_group, criterion_main};
use gigawatt::catalog::Catalog;
use gigawatt::plan::{Options, plan};
use gigawatt::report::{Format, Look, render};
use gigawatt::scenario::{Flags, resolve};

fn plans(criterion: &mut Criterion) {
    for system in ["gb300-nvl72", "vr-nvl72", "hgx-h100"] {
        let flags = Flags { system: Some(system.into()), ..Flags::default() };
        criterion.bench_function(&format!("plan {system}"), |bencher| {
            bencher.iter(|| {
                let mut catalog = Catalog::default();
                let scenario = resolve(None, &flags, &mut catalog).expect("the built-in scenario resolves");
                let plan = plan(&scenario, &catalog, Options::default()).expect("it plans");
                render(&plan, Format::Terminal, Look::default())
            });
        });
    }
}

criterion_group!(benches, plans);
criterion_main!(benches);
