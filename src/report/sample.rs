//! A made-up plan with round numbers, for tests of what reports draw.

use crate::catalog::profile::{Confidence, Medium, StageKind};
use crate::layout::Site;
use crate::layout::cables::{CableKind, Net};
use crate::plan::result::{
    Assumption, BetweenBuildings, Cable, CableEnd, CacheMemory, CduGroup, CollectiveTime, CoolantLoop,
    Cooling, Economics, Electrical, EndKind, Entry, Fabric, Fleet, GroupFlow, GroupFlows, Layout, Ledger,
    OpticsChoice, Parallelism, Plan, Power, Racks, RoutedTraffic, RowFlow, RunFailures, RunnerUp, ScaleOut,
    ScaleUp, Serving, Speculation, Stage, StepLayout, SupportNetwork, SystemFleet, Training, Verdict,
};
use crate::power::{MeasuredAt, Redundancy};
use crate::scenario::{Origin, Resolved};
use crate::throughput::bands::ErrorBand;
use crate::units::{
    ByteRate, Bytes, Celsius, CubicMeters, CubicMetersPerSecond, Dollars, DollarsPerToken, DollarsPerWatt,
    Joules, Kelvin, Meters, Pascals, Ratio, Seconds, Share, SquareMeters, TokenRate, Watts,
};

fn stage(name: &str, input: f64, output: f64) -> Stage {
    Stage {
        name: name.into(),
        kind: StageKind::Other,
        redundancy: Redundancy::N,
        racks_only: false,
        input: Watts(input),
        output: Watts(output),
        loss: Watts(input - output),
        efficiency: Share(output / input),
        load_fraction: Share(0.5),
        installed: Watts(2.0 * input),
        modules: 12,
    }
}

/// 1 GW, 10 MW stranded, 20 MW lost on the way, 170 MW of cooling, 800 MW of IT.
pub(crate) fn plan() -> Plan {
    Plan {
        scenario: Resolved {
            fields: serde_json::json!({"power": "1 GW", "site": "abilene-tx"}),
            origins: [("power".to_owned(), Origin::Flag), ("site".to_owned(), Origin::Default)].into(),
        },
        power: power(),
        electrical: Electrical::default(),
        cooling: cooling(),
        fleet: fleet(),
        layout: Layout {
            heat_of_buildings: Vec::new(),
            row_buses: Vec::new(),
            buildings: 10,
            halls: 40,
            rows: 800,
            racks_per_row: 9,
            hall: [Meters(60.0), Meters(40.0)],
            area: SquareMeters(250_000.0),
            positions: 800 * 9,
            leftover_positions: 300,
            white_space: SquareMeters(96_000.0),
            floors: vec![],
            areas: vec![
                ("data halls", SquareMeters(40_000.0)),
                ("walls, stairs, shafts, free", SquareMeters(3e5)),
            ],
            ground: SquareMeters(6e5),
            land: SquareMeters(3e6),
            yards: Vec::new(),
            border: None,
            site: Site::default(),
            fibre: Meters(2_000.0),
            cables: vec![Cable {
                system: "gb300-nvl72".into(),
                link: "osfp-800g-dr4".into(),
                link_name: "800G DR4".into(),
                reached: true,
                reach: Meters(500.0),
                net: Net::ScaleOut,
                tier: CableKind::LeafSpine,
                kind: "leaf-spine".into(),
                medium: Medium::SingleMode,
                rate: ByteRate(100e9),
                count: 360_000,
                length_total: Meters(3.6e7),
                length_max: Meters(480.0),
                ends: vec![CableEnd {
                    place: "switch",
                    kind: EndKind::Transceiver,
                    module: "osfp-1600g-dr8".into(),
                    module_name: "1.6T DR8".into(),
                    ends: 720_000,
                    modules: 360_000,
                }],
            }],
        },
        fabric: fabric(),
        serving: vec![serving()],
        training: vec![training()],
        economics: Economics {
            capex: Dollars(38e9),
            opex_per_year: Dollars(1.2e9),
            total_per_year: Dollars(1.1e9),
            tco_per_accelerator_hour: Dollars(3.1),
            per_output_token: Some(DollarsPerToken(0.9e-6)),
            capex_per_watt: DollarsPerWatt(47.5),
            parts: vec![("compute racks".into(), Dollars(24e9)), ("building".into(), Dollars(14e9))],
            opex_parts: vec![("energy".into(), Dollars(0.4e9)), ("support".into(), Dollars(0.8e9))],
        },
        uncertainty: vec![],
        verdicts: vec![Verdict {
            constraint: "power at the meter".into(),
            need: 990e6,
            limit: 1e9,
            short_by: 0.0,
            unit: "W".into(),
            binds: true,
            note: "Stranded: 10 MW, one more scalable unit needs 18 MW.".into(),
        }],
        assumptions: vec![Assumption {
            field: "systems.gb300-nvl72.rack_heat".into(),
            value: "135 kW".into(),
            range: None,
            source: "https://example.org/datasheet".into(),
            confidence: Confidence::Reported,
            note: None,
        }],
        ledger: Ledger {
            entries: vec![Entry {
                key: "power.pue_annual".into(),
                value: "1.150".into(),
                meaning: "Energy of the year over IT energy of the year.".into(),
                formula: "PUE = E_facility / E_IT".into(),
                inputs: vec![("E_IT".into(), "6.1 TWh".into(), "default".into())],
            }],
        },
        bill: vec![],
        pue_hours: vec![],
    }
}

fn power() -> Power {
    Power {
        envelope: Watts(1e9),
        measured_at: MeasuredAt::Utility,
        facility_peak: Watts(990e6),
        facility_mean: Watts(760e6),
        it_provisioned: Watts(800e6),
        kept_racks: Watts(0.0),
        it_mean: Watts(680e6),
        peak_ratio: Ratio(1.2375),
        pue_annual: Ratio(1.15),
        wue_l_per_kwh: 0.2,
        stranded: Watts(10e6),
        annual_energy: Joules(2.4e16),
        stages: vec![stage("HV transformer", 990e6, 985e6), stage("UPS", 815e6, 800e6)],
        overheads: vec![("chillers".into(), Watts(100e6)), ("fans and pumps".into(), Watts(70e6))],
        chiller_hours: 700,
        carbon_kg_per_year: 2.3e9,
    }
}

fn cooling() -> Cooling {
    Cooling {
        design: "warm-water-dry".into(),
        design_dry_bulb: Celsius(43.0),
        design_wet_bulb: Celsius(21.6),
        design_water: CubicMetersPerSecond(0.5),
        design_mode: "trim chillers",
        on_chillers: vec![("coolant", Share(0.2)), ("air of the halls", Share(1.0))],
        air_density: Share(0.937),
        other_hour: (Celsius(35.0), Celsius(27.0), Watts(0.0)),
        chillers: Watts(3e8),
        chilled: Watts(300e6),
        tanks: crate::units::CubicMeters(0.0),
        schedule: Vec::new(),
        installed_rejection: Watts(1.1e9),
        coolant: vec![CoolantLoop {
            system: "gb300-nvl72".into(),
            supply: Celsius(40.0),
            leaving: Celsius(54.0),
            rack_flow: CubicMetersPerSecond(2e-3),
            cdus: [290, 58],
            racks_of_row: 4,
            rated_head: Pascals(350e3),
            row: Ok(RowFlow {
                nominal_diameter: 80,
                velocity_m_per_s: 1.5,
                flow: CubicMetersPerSecond(8.1e-3),
                worst_rack: CubicMetersPerSecond(2e-3),
                best_rack: CubicMetersPerSecond(2.1e-3),
                head: Pascals(150e3),
                hydraulic: Watts(1_215.0),
            }),
            group: CduGroup {
                units: 6,
                capacity: Watts(2.3e6),
                approach: Kelvin(4.0),
                rows: 6,
                racks: 96,
                flows: Ok(GroupFlows {
                    nominal_diameter: 250,
                    all: group_flow(6, 0.62),
                    one_out: Some(group_flow(5, 0.66)),
                }),
            },
            pump_share: Share(0.004),
            pumps_are_solved: true,
            pump_efficiency: 0.65,
        }],
        dry_air: None,
        trim_hours: 500,
        wet_hours: 0,
        peak_of_year: Watts(900e6),
        water: CubicMeters(1e6),
        evaporated: CubicMeters(8e5),
        drift: CubicMeters(1e3),
        blown_down: CubicMeters(1.99e5),
        warm_water: Joules(1.6e16),
        heating_season: Joules(6e15),
        warm_water_at: Some(Celsius(50.0)),
    }
}

fn group_flow(running: u32, speed: f64) -> GroupFlow {
    GroupFlow {
        running,
        speed,
        worst_rack: CubicMetersPerSecond(2e-3),
        head: Pascals(160e3),
        hydraulic: Watts(30e3),
        load: Share(0.97),
        approach: Kelvin(3.88),
    }
}

fn fleet() -> Fleet {
    Fleet {
        accelerators: 360_000,
        cpus: 180_000,
        scalable_units: 625,
        spares: 3_600,
        systems: vec![SystemFleet {
            id: "gb300-nvl72".into(),
            name: "GB300 NVL72".into(),
            accelerators: 360_000,
            racks: 5_000,
            accelerators_per_rack: 72,
            rack_heat: Watts(140e3),
            rack_peak: Watts(155e3),
            rack_feed: Watts(264e3),
            support: Watts(38e6),
            support_said: Watts(38e6),
            support_counted: Watts(18e6),
            it_per_accelerator: Watts(2_222.0),
        }],
        racks: Racks { compute: 5_000, network: 900, storage: 300, management: 100, power: 0, cdu: 600 },
    }
}

fn fabric() -> Fabric {
    Fabric {
        scale_up: ScaleUp {
            domain_accelerators: 72,
            bandwidth_per_accelerator: ByteRate(900e9),
            torus: None,
        },
        scale_out: vec![ScaleOut {
            system: "gb300-nvl72".into(),
            topology: "three-tier fat tree, rail-optimised".into(),
            tiers: 3,
            planes: 1,
            oversubscription: Ratio(1.0),
            islands: 3,
            switch: "Q3400".into(),
            leaf: 5_000,
            spine: 5_000,
            core: 2_500,
            host_leaf: 360_000,
            leaf_spine: 360_000,
            spine_core: 360_000,
            transceivers: 1_440_000,
            transceiver_modules: 900_000,
            copper_ends: 0,
            co_packaged_ends: 0,
            power: Watts(60e6),
            injection_per_accelerator: ByteRate(100e9),
            tier_bandwidths: [("host-leaf", 36e15), ("leaf-spine", 36e15), ("spine-core", 36e15)]
                .map(|(tier, rate)| (tier, ByteRate(rate))),
            bisection: ByteRate(6e15),
            pod_accelerators: 2_304,
            routing: [("ECMP", 2.5), ("adaptive", 1.0)]
                .map(|(routing, worst)| RoutedTraffic {
                    pattern: "shuffled ring",
                    routing,
                    worst: Ratio(worst),
                    mean: Ratio(0.75),
                    slow_down: Ratio(worst),
                })
                .to_vec(),
            optics: vec![OpticsChoice {
                switch: "Q3450".into(),
                co_packaged: true,
                power: Watts(40e6),
                per_accelerator: Watts(111.0),
                transceivers: 360_000,
            }],
        }],
        collectives: ["domain", "network"]
            .into_iter()
            .flat_map(|scope| {
                [(1_024.0, 20e-6, 0.1e9), (1e9, 2.4e-3, 830e9)].map(|(bytes, time, bus)| CollectiveTime {
                    scope,
                    operation: "all-reduce",
                    accelerators: if scope == "domain" { 72 } else { 360_000 },
                    message: Bytes(bytes),
                    time: Seconds(time),
                    bus_bandwidth: ByteRate(bus),
                    algorithm: "ring",
                })
            })
            .collect(),
        networks: vec![SupportNetwork {
            system: "gb300-nvl72".into(),
            name: "storage",
            switch: "SN5600".into(),
            switches: 2_500,
            tiers: [1_600, 800, 100],
            kept_ports: 0,
            links: 150_000,
            rate: ByteRate(50e9),
            per_accelerator: ByteRate(12.5e9),
            power: Watts(5e6),
        }],
        between: BetweenBuildings {
            buildings: 4,
            fabrics: 3,
            fibre: Meters(2_000.0),
            latency: Seconds(9.8e-6),
            bandwidth_per_accelerator: None,
        },
    }
}

fn serving() -> Serving {
    Serving {
        model: "deepseek-r1".into(),
        system: "gb300-nvl72".into(),
        precision: "fp4".into(),
        parallelism: Parallelism { tp: 1, pp: 1, ep: 32, dp: 32, cp: 1 },
        mode: "disaggregated".into(),
        isl: 8_192,
        osl: 1_024,
        batch: 2_048,
        ttft: Seconds(0.8),
        tpot: Seconds(0.02),
        tokens_per_s_per_user: TokenRate(50.0),
        tokens_per_s_per_accelerator: TokenRate(4_000.0),
        output_tokens_per_s: TokenRate(5.1e8),
        input_tokens_per_s: TokenRate(4.08e9),
        energy_per_token: Joules(0.7),
        bound_by: "memory".into(),
        accelerators: 180_000,
        replicas: 5_625,
        cost_per_token: DollarsPerToken(0.9e-6),
        error_band: Some(ErrorBand {
            kind: "mixtures of experts on blackwell-ultra".into(),
            inherited: false,
            rows: 200,
            median_ape: 0.12,
            low: -0.18,
            high: 0.22,
        }),
        wait: Seconds(0.05),
        ttft_p99: Seconds(1.4),
        tpot_p99: Seconds(0.021),
        speculation: Some(Speculation { drafted: 2, acceptance: Share(0.75), tokens_per_step: 2.312_5 }),
        cache: Some(CacheMemory {
            available: Bytes(256e9),
            weights: Bytes(31e9),
            activations: Bytes(1e9),
            reserve: Bytes(3e9),
            cache: Bytes(221e9),
            block_tokens: 16,
            blocks: 393_000,
            tokens: 6_288_000,
            sequences: 2_100,
        }),
        chunk: 2_048,
        prefill: Some(Parallelism { tp: 4, pp: 1, ep: 1, dp: 1, cp: 1 }),
        prefill_per_decode: 0.6,
        hand_over: Seconds(0.004),
        shortfall: None,
    }
}

fn training() -> Training {
    Training {
        model: "llama-3.1-405b".into(),
        system: "gb300-nvl72".into(),
        precision: "bf16".into(),
        parallelism: Parallelism { tp: 8, pp: 16, ep: 1, dp: 128, cp: 1 },
        accelerators: 16_384,
        available: 16_384,
        tokens_per_s: TokenRate(1.3e7),
        mfu: Share(0.42),
        goodput: Share(0.93),
        step_time: Seconds(1.26),
        global_batch_tokens: 16_777_216,
        run_time: Seconds(1.3e6),
        run: Some(RunFailures {
            between_failures: Seconds(7_324.0),
            checkpoint_interval: Seconds(268.0),
            checkpoint_stall: Seconds(5.0),
            checkpoint_write: Seconds(2.8),
            checkpoint: Bytes(5.68e12),
            spares: 360,
            swap_unit: 72,
            lost_to_checkpoints: Share(0.016),
            lost_to_rework: Share(0.018),
            lost_to_restarts: Share(0.035),
            lost_to_waiting: Share(0.001),
            lost_to_slow_nodes: Share(0.0),
            run_time: [Seconds(1.25e6), Seconds(1.3e6), Seconds(1.36e6)],
            energy: Joules(4.0e13),
            cost: Dollars(2.5e7),
        }),
        fabrics: 1,
        between_fabrics: Seconds(0.0),
        bound_by: "arithmetic".into(),
        layout: Some(step_layout(4, 8, [0.82, 0.21, 0.11, 0.05, 0.07])),
        runner_up: Some(RunnerUp {
            layout: step_layout(8, 4, [0.82, 0.31, 0.05, 0.05, 0.07]),
            slower: 0.0317,
            why: "interconnect +7.9 %, pipeline bubble -4.8 %".into(),
        }),
        shortfall: None,
    }
}

/// A step of five parts on tensor ranks and stages.
fn step_layout(tp: u32, pp: u32, times: [f64; 5]) -> StepLayout {
    let parts = [
        "arithmetic and memory",
        "interconnect",
        "pipeline bubble",
        "gradient traffic",
        "optimiser and waiting",
    ];
    StepLayout {
        parallelism: Parallelism { tp, pp, ep: 1, dp: 64, cp: 1 },
        micro_batch: 1,
        interleave: 5,
        sharded: false,
        step: Seconds(times.iter().sum()),
        times: parts.into_iter().zip(times.map(Seconds)).collect(),
        memory: Bytes(151e9),
        held: vec![("weights", Bytes(51e9)), ("activations", Bytes(96e9)), ("runtime", Bytes(4e9))],
        room: Bytes(171e9),
    }
}
