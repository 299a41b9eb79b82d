//! Random numbers that depend on seed, stream and index alone.
//!
//! A counter-based generator: the number at an index is a hash of the index, so the order of evaluation, the
//! thread and the device do not matter. [`philox4x32`] is mirrored in `shaders/shared/random.wgsl`.

const MULTIPLIER_0: u32 = 0xD251_1F53;
const MULTIPLIER_1: u32 = 0xCD9E_8D57;
const WEYL_0: u32 = 0x9E37_79B9;
const WEYL_1: u32 = 0xBB67_AE85;
const ROUNDS: u32 = 10;

/// Hashes a counter to four random words: Philox4x32 with ten rounds.
///
/// ~~~text
/// a round: (h0, l0) = M0·c0,  (h1, l1) = M1·c2
///          c' = (h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0),  k' = k + (W0, W1)
/// ~~~
///
/// Salmon, Moraes, Dror and Shaw 2011, doi:10.1145/2063384.2063405.
#[inline]
#[must_use]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..ROUNDS {
        let first = u64::from(MULTIPLIER_0) * u64::from(c0);
        let second = u64::from(MULTIPLIER_1) * u64::from(c2);
        let (high_0, low_0) = ((first >> 32) as u32, first as u32);
        let (high_1, low_1) = ((second >> 32) as u32, second as u32);
        (c0, c1, c2, c3) = (high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0);
        k0 = k0.wrapping_add(WEYL_0);
        k1 = k1.wrapping_add(WEYL_1);
    }
    [c0, c1, c2, c3]
}

/// One of 2⁶⁴ independent sequences that belong to a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stream {
    /// What the user chose.
    pub seed: u64,
    /// Which sequence: give each use its own.
    pub stream: u64,
}

impl Stream {
    /// The four words at an index: the index is the lower half of the counter, the stream its upper half.
    #[inline]
    #[must_use]
    pub fn words(self, index: u64) -> [u32; 4] {
        let counter = [index as u32, (index >> 32) as u32, self.stream as u32, (self.stream >> 32) as u32];
        philox4x32(counter, [self.seed as u32, (self.seed >> 32) as u32])
    }
    /// Two numbers between 0 and 1, both ends excluded.
    #[inline]
    #[must_use]
    pub fn uniform_pair(self, index: u64) -> [f64; 2] {
        let [a, b, c, d] = self.words(index);
        [open_unit(a, b), open_unit(c, d)]
    }
    /// A number between 0 and 1, both ends excluded.
    #[inline]
    #[must_use]
    pub fn uniform(self, index: u64) -> f64 {
        self.uniform_pair(index)[0]
    }
    /// Two independent standard normal deviates.
    #[inline]
    #[must_use]
    pub fn normal_pair(self, index: u64) -> [f64; 2] {
        self.uniform_pair(index).map(normal_quantile)
    }
    /// A standard normal deviate.
    #[inline]
    #[must_use]
    pub fn normal(self, index: u64) -> f64 {
        normal_quantile(self.uniform(index))
    }
}

/// The middle of one of 2⁵² equal cells of the unit interval, so that neither 0 nor 1 can come out.
#[inline]
#[must_use]
pub fn open_unit(low: u32, high: u32) -> f64 {
    let cell = ((u64::from(high) << 32) | u64::from(low)) >> 12;
    // 2^-52, written out: a cell number has 52 bits, so adding a half is exact.
    (cell as f64 + 0.5) * f64::EPSILON
}

fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// The standard normal deviate that is exceeded with probability `1 − p`.
///
/// ~~~text
/// q = p − ½;  |q| ≤ 0.425: z = q · A(r)/B(r), r = 0.425² − q²
/// else r = √(−ln min(p, 1 − p)): z = ± C(r − 1.6)/D(r − 1.6) up to r = 5, ± E(r − 5)/F(r − 5) above
/// ~~~
///
/// Wichura 1988, algorithm AS 241 (PPND16), doi:10.2307/2347330: about sixteen digits for 0 < p < 1.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.425 * 0.425 - q * q;
        return q * polynomial(
            r,
            [
                3.387_132_872_796_366_5,
                133.141_667_891_784_38,
                1_971.590_950_306_551_3,
                13_731.693_765_509_46,
                45_921.953_931_549_87,
                67_265.770_927_008_7,
                33_430.575_583_588_13,
                2_509.080_928_730_122_7,
            ],
        ) / polynomial(
            r,
            [
                1.0,
                42.313_330_701_600_91,
                687.187_007_492_057_9,
                5_394.196_021_424_751,
                21_213.794_301_586_597,
                39_307.895_800_092_71,
                28_729.085_735_721_943,
                5_226.495_278_852_854,
            ],
        );
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-tail.ln()).sqrt();
    let size = if r <= 5.0 {
        polynomial(
            r - 1.6,
            [
                1.423_437_110_749_683_5,
                4.630_337_846_156_546,
                5.769_497_221_460_691,
                3.647_848_324_763_204_5,
                1.270_458_252_452_368_4,
                0.241_780_725_177_450_6,
                0.022_723_844_989_269_184,
                7.745_450_142_783_414e-4,
            ],
        ) / polynomial(
            r - 1.6,
            [
                1.0,
                2.053_191_626_637_759,
                1.676_384_830_183_803_8,
                0.689_767_334_985_1,
                0.148_103_976_427_480_08,
                0.015_198_666_563_616_457,
                5.475_938_084_995_345e-4,
                1.050_750_071_644_416_9e-9,
            ],
        )
    } else {
        polynomial(
            r - 5.0,
            [
                6.657_904_643_501_103,
                5.463_784_911_164_114,
                1.784_826_539_917_291_3,
                0.296_560_571_828_504_87,
                0.026_532_189_526_576_124,
                0.001_242_660_947_388_078_4,
                2.711_555_568_743_487_6e-5,
                2.010_334_399_292_288_1e-7,
            ],
        ) / polynomial(
            r - 5.0,
            [
                1.0,
                0.599_832_206_555_888,
                0.136_929_880_922_735_8,
                0.014_875_361_290_850_615,
                7.868_691_311_456_133e-4,
                1.846_318_317_510_054_8e-5,
                1.421_511_758_316_446e-7,
                2.044_263_103_389_939_7e-15,
            ],
        )
    };
    if q < 0.0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_answers() {
        // Known-answer vectors of the Random123 library, file kat_vectors, lines "philox4x32 10".
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn the_quantile_gives_the_tabulated_deviates() {
        // The first and the last two are the check values printed with AS 241; the second is the 97.5 % point.
        for (p, z) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.975, 1.959_963_984_540_054),
            (0.001, -3.090_232_306_167_814),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((normal_quantile(p) - z).abs() < 4e-15 * z.abs(), "{p}: {}", normal_quantile(p));
        }
        assert!(normal_quantile(0.5).abs() < 1e-300);
    }

    #[test]
    fn the_ends_of_the_unit_interval_never_come_out() {
        assert!(open_unit(0, 0) > 0.0);
        assert!(open_unit(u32::MAX, u32::MAX) < 1.0);
        assert!(normal_quantile(open_unit(u32::MAX, u32::MAX)).is_finite());
    }

    #[test]
    fn deviates_have_mean_zero_and_variance_one() {
        let stream = Stream { seed: 7, stream: 3 };
        let n = 40_000_u32;
        let (mut sum, mut squares, mut product) = (0.0, 0.0, 0.0);
        for index in 0..u64::from(n) {
            let [a, b] = stream.normal_pair(index);
            sum += a + b;
            squares += a * a + b * b;
            product += a * b;
        }
        let count = 2.0 * f64::from(n);
        // Four standard errors: 4/√80000 = 0.014, 4·√2/√80000 = 0.020, 4/√40000 = 0.020.
        assert!((sum / count).abs() < 0.014);
        assert!((squares / count - 1.0).abs() < 0.020);
        assert!((product / f64::from(n)).abs() < 0.020);
    }

    #[test]
    fn seeds_streams_and_indices_all_matter() {
        let here = Stream { seed: 1, stream: 2 }.words(3);
        assert_ne!(here, Stream { seed: 2, stream: 2 }.words(3));
        assert_ne!(here, Stream { seed: 1, stream: 1 << 32 }.words(3));
        assert_ne!(here, Stream { seed: 1, stream: 2 }.words(3 + (1 << 32)));
    }
}
