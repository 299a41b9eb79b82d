//! What is known: profiles of accelerators, systems, models, network parts, plants, climates and prices.

pub mod profile;

#[cfg(test)]
mod tests {
    use super::profile as p;
    use include_dir::{Dir, include_dir};

    static TREE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/catalog");

    fn parse<T: serde::de::DeserializeOwned>(folder: &str) {
        let Some(dir) = TREE.get_dir(folder) else { return };
        for file in dir.files() {
            let text = file.contents_utf8().unwrap();
            if let Err(error) = toml::from_str::<T>(text) {
                panic!("{}: {error}", file.path().display());
            }
        }
    }

    #[test]
    fn every_profile_parses() {
        parse::<p::Accelerator>("accelerators");
        parse::<p::System>("systems");
        parse::<p::Model>("models");
        parse::<p::Switch>("networks/switches");
        parse::<p::Link>("networks/links");
        parse::<p::Adapter>("networks/adapters");
        parse::<p::CoolingDesign>("cooling");
        parse::<p::ElectricalDesign>("electrical");
        parse::<p::Climate>("climates");
        parse::<p::MarketPrices>("prices");
        parse::<p::HostedPrice>("hosted");
        parse::<p::Costs>("costs");
    }
}
