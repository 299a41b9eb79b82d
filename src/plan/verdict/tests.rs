use super::*;
use crate::power::one_line::Range;

// Halls at 0.97 to 1.01 and 0.99 to 1.04: 0.03 and 0.04 off. 0.885 at the point of delivery is 0.115 off, 1.118 on the busbar
// 0.118; 0.91 and 1.09 are within the tenth and are not told.
#[test]
fn voltages_are_judged_by_the_farthest_from_nominal() {
    let range = |lowest, highest| Range { lowest, highest };
    let halls = LoadFlow { full: range(0.97, 1.01), idle: range(0.99, 1.04), ..LoadFlow::default() };
    let of = |delivery, busbar| {
        let all = voltages(&LoadFlow { delivery, busbar, ..halls.clone() }, Watts(1.0));
        all.into_iter().filter(|one| one.constraint.starts_with("voltage")).collect::<Vec<_>>()
    };
    let needs = |all: &[Verdict]| all.iter().map(|one| (one.need * 1e3).round()).collect::<Vec<_>>();
    assert_eq!(needs(&of(range(0.91, 1.0), range(1.0, 1.09))), [30.0, 40.0]);
    let off = of(range(0.885, 1.0), range(1.0, 1.118));
    assert_eq!(needs(&off), [30.0, 40.0, 115.0, 118.0]);
    assert!(off[..2].iter().all(|one| one.short_by <= 0.0) && off[2..].iter().all(|one| one.short_by > 0.0));
}
