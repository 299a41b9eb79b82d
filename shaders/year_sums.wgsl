// Mirrors src/kernel/facility_year/sums.rs: sums of hours by facility, in fixed point, so that no order matters.
//
// A workgroup sums the hours of its first facility by itself, in limbs of 16 bits that 64 hours do not overflow.

const METER: u32 = 0u;
const WATER: u32 = 2u;
const CHILLER_HOURS: u32 = 4u;
const WET_HOURS: u32 = 5u;
const PEAK: u32 = 6u;

// Three limbs of the meter, three of the water, the two counts, the peak.
var<workgroup> sums: array<atomic<u32>, 9>;

fn case_of(id: u32) -> u32 {
    return range.first_case + (range.first_hour + id) / range.hours;
}

// Whole units, and those of 2^-32.
fn fixed(value: f32) -> vec2<u32> {
    let bounded = min(value, MOST_RATIO);
    let whole = floor(bounded);
    return vec2(u32(whole), u32((bounded - whole) * 4294967296.0));
}

// Two words that count on from the first to the second.
fn add_wide(place: u32, low: u32, high: u32) {
    let before = atomicAdd(&counts[1u + place], low);
    let carry = u32(before + low < low);
    if high + carry > 0u {
        atomicAdd(&counts[2u + place], high + carry);
    }
}

fn add_limbs(place: u32, value: vec2<u32>) {
    atomicAdd(&sums[place], value.y & 0xffffu);
    atomicAdd(&sums[place + 1u], value.y >> 16u);
    atomicAdd(&sums[place + 2u], value.x);
}

fn counted(score: Score) -> u32 {
    return 0u;
}

fn note(id: u32, score: Score) {
    let meter = fixed(score.meter_per_it);
    let water = fixed(score.water_l_per_kwh);
    let chillers = score.runs & RUNS_CHILLERS;
    let wet = u32((score.runs & RUNS_WATER) != 0u);
    let peak = bitcast<u32>(score.meter_per_it);
    if case_of(id) == case_of(id - id % GROUP) {
        add_limbs(0u, meter);
        add_limbs(3u, water);
        atomicAdd(&sums[6], chillers);
        atomicAdd(&sums[7], wet);
        atomicMax(&sums[8], peak);
    } else {
        let place = case_of(id) * WORDS;
        add_wide(place + METER, meter.y, meter.x);
        add_wide(place + WATER, water.y, water.x);
        atomicAdd(&counts[1u + place + CHILLER_HOURS], chillers);
        atomicAdd(&counts[1u + place + WET_HOURS], wet);
        atomicMax(&counts[1u + place + PEAK], peak);
    }
}

fn finish_wide(place: u32, limbs: u32) {
    let first = atomicLoad(&sums[limbs]);
    let second = atomicLoad(&sums[limbs + 1u]);
    let low = first + (second << 16u);
    let carry = u32(low < first);
    add_wide(place, low, atomicLoad(&sums[limbs + 2u]) + (second >> 16u) + carry);
}

fn finish(first: u32, local: u32) {
    let place = case_of(first) * WORDS;
    if first >= range.count {
        return;
    }
    switch local {
        case 0u: { finish_wide(place + METER, 0u); }
        case 1u: { finish_wide(place + WATER, 3u); }
        case 2u: { atomicAdd(&counts[1u + place + CHILLER_HOURS], atomicLoad(&sums[6])); }
        case 3u: { atomicAdd(&counts[1u + place + WET_HOURS], atomicLoad(&sums[7])); }
        case 4u: { atomicMax(&counts[1u + place + PEAK], atomicLoad(&sums[8])); }
        default: {}
    }
}

fn settle(place: u32) -> u32 {
    return 0u;
}

fn keeps(id: u32, score: Score) -> bool {
    return false;
}
