//! tmp
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut catalog = gigawatt::catalog::Catalog::default();
    let flags = gigawatt::scenario::Flags {
        system: args.get(1).cloned(),
        power: args.get(2).cloned(),
        site: args.get(3).cloned(),
        ..Default::default()
    };
    let t = std::time::Instant::now();
    let s = gigawatt::scenario::resolve(None, &flags, &mut catalog).unwrap();
    let p = gigawatt::plan::plan(&s, &catalog, Default::default()).unwrap();
    eprintln!("{:?}", t.elapsed());
    println!("{:#?}", p.power);
    println!("{:#?}", p.fleet);
    println!("{:#?}", p.layout);
    println!("{:#?}", p.fabric);
    println!("{:#?}", p.serving);
    println!("{:#?}", p.training);
    println!("{:#?}", p.economics);
    println!("{:#?}", p.verdicts);
    println!("{:#?}", p.uncertainty);
}
