//! Weather files of EnergyPlus (`.epw`): 8,760 hours of a place as a user has them.
//!
//! ~~~text
//! LOCATION,city,state,country,source,WMO,latitude,longitude,time zone,elevation [m]
//! …
//! DATA PERIODS,periods,records per hour,name,start day,first date,last date
//! year,month,day,hour 1–24,minute,flags,dry bulb [°C],dew point [°C],relative humidity [%],pressure [Pa],…
//! ~~~
//!
//! A value that was not measured is written as 99.9 (dry bulb, dew point), 999 (relative humidity) or 999999
//! (pressure). Hours whose temperature or humidity is not there are gaps: refused, or filled on a straight line
//! between their neighbours where the scenario says so. A 29 February is left out. EnergyPlus, Auxiliary Programs,
//! "EnergyPlus Weather File (EPW) Data Dictionary".

use super::InputError;
use crate::units::Meters;
use std::path::Path;

/// Largest weather file that is read: ten times a usual one.
const LARGEST_BYTES: u64 = 16 << 20;
/// Hours of a year without a leap day.
pub const HOURS: usize = 8_760;
/// The longest gap that is filled [h]: beyond it a straight line forgets the day.
const LONGEST_GAP: usize = 6;
/// How far a dew point may stand above its dry bulb [K]: both are rounded, and measured by two instruments.
const DEW_POINT_EXCESS_K: f64 = 0.5;
/// Coldest and hottest air of which a weather file is believed [°C]: −89.2 at Vostok in 1983, 56.7 in Death Valley in 1913, the
/// records of the WMO, rounded outwards.
const DRY_BULBS: [f64; 2] = [-90.0, 57.0];
/// Lowest and highest dew point [°C]: that of the coldest air; 35 at Dhahran in 2003 is the highest reported, and a degree above it.
const DEW_POINTS: [f64; 2] = [-90.0, 36.0];
/// Largest change from one hour to the next that is believed [K]: 27 K in two minutes at Spearfish, South Dakota, in 1943 is the
/// fastest on record.
const LARGEST_JUMP_K: f64 = 30.0;
const HELP_JUMP: &str = "no place is known to have changed by more than 30 K within an hour: a digit or a sign of one of the two is wrong";
const HELP_DEW_POINT: &str = "air holds no more water than saturates it: a dew point is at most the dry bulb, and 0.5 K more for the rounding of both";
const DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const HELP_GAPS: &str = "a gap of at most 6 hours is filled on a straight line if the scenario says `weather_gaps = \"interpolate\"`";

/// What happens to hours that a weather file lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// The file is refused.
    Refuse,
    /// Short gaps are filled on a straight line.
    Interpolate,
}

/// How much water the air of an hour holds, as the file says it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moisture {
    /// Dew point [°C].
    DewPoint(f64),
    /// Over saturation, 0 to 1.
    RelativeHumidity(f64),
}

/// One hour of a weather file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpwHour {
    /// Dry bulb [°C].
    pub dry_bulb_c: f64,
    /// Water in the air.
    pub moisture: Moisture,
    /// Pressure of the place [Pa], where it was measured.
    pub pressure_pa: Option<f64>,
}

/// A weather file.
#[derive(Debug, Clone, PartialEq)]
pub struct Epw {
    /// City, region and country of its header.
    pub place: String,
    /// Where the data come from, as its header says.
    pub source: String,
    /// Degrees north.
    pub latitude_deg: f64,
    /// Degrees east.
    pub longitude_deg: f64,
    /// Height above the sea.
    pub elevation: Meters,
    /// 8,760 hours, 1 January 0:00 to 1:00 first.
    pub hours: Vec<EpwHour>,
    /// Hours that were filled.
    pub filled: u32,
    /// Hours of a 29 February that were left out.
    pub leap_hours: u32,
}

/// Mean radius of the Earth [m] (IUGG).
const EARTH_RADIUS: f64 = 6_371_008.8;

impl Epw {
    /// The way over the ground to a place.
    ///
    /// ~~~text
    /// d = 2·R·asin √( sin²(Δφ/2) + cos φ₁·cos φ₂·sin²(Δλ/2) )
    /// ~~~
    ///
    /// φ latitude, λ longitude · R mean radius of the Earth: within 0.6 % of the ellipsoid.
    #[must_use]
    pub fn distance_to(&self, latitude_deg: f64, longitude_deg: f64) -> Meters {
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin();
        let (north, east) = (half(self.latitude_deg, latitude_deg), half(self.longitude_deg, longitude_deg));
        let cosines = self.latitude_deg.to_radians().cos() * latitude_deg.to_radians().cos();
        Meters(2.0 * EARTH_RADIUS * (north * north + cosines * east * east).sqrt().min(1.0).asin())
    }
}

/// Reads a weather file.
pub fn read(path: &Path, gaps: Gaps) -> Result<Epw, InputError> {
    let shown = path.display().to_string();
    let bad = |message: String| InputError::plain(&shown, message);
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => bad("there is no such file".into()),
        _ => bad(format!("can't be read: {error}")),
    })?;
    if metadata.is_dir() {
        return Err(bad("is a folder, not a weather file".into()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| {
            std::io::Read::read_to_end(&mut std::io::Read::take(file, LARGEST_BYTES + 1), &mut bytes)
        })
        .map_err(|error| bad(format!("can't be read: {error}")))?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(bad("has more than 16 MiB: no year of hours is that long".into()));
    }
    if let Some((what, help)) = no_text(&bytes) {
        return Err(bad(what.into()).with_help(help));
    }
    // Names of places are often written in Latin-1; the numbers are the same either way.
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| error.into_bytes().iter().map(|byte| char::from(*byte)).collect());
    parse(&shown, &text, gaps)
}

/// First bytes of compressed files and archives, and what they are.
const COMPRESSED: [(&[u8], &str); 6] = [
    (b"\x1f\x8b", "is compressed with gzip"),
    (b"PK\x03\x04", "is a zip archive"),
    (b"BZh", "is compressed with bzip2"),
    (b"\xfd7zXZ", "is compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd"),
    (b"7z\xbc\xaf", "is a 7z archive"),
];

/// Why bytes are no text of one byte a letter, and what helps: nothing of them is shown.
fn no_text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, what)) = COMPRESSED.iter().find(|(first, _)| bytes.starts_with(first)) {
        return Some((what, "unpack it first, and give the path of the `.epw` inside"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some(("is text in UTF-16", "save it as UTF-8 or plain ASCII, as weather files are"));
    }
    // Tabs, line ends and the end-of-file mark of old systems are the only controls in a text.
    let control = |byte: &u8| *byte < 32 && !b"\t\r\n\x0c\x1a".contains(byte);
    bytes.iter().any(control).then_some((
        "is no text: it has bytes that no weather file has",
        "weather files of EnergyPlus (.epw) are plain text that begins with `LOCATION`",
    ))
}

/// Text with its name, for errors that point into it.
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// An error at a line.
    fn error(&self, line: &str, message: String) -> InputError {
        let start = line.as_ptr() as usize - self.text.as_ptr() as usize;
        let span = start..start + line.trim_end().len();
        InputError {
            text: Some(self.text.to_owned()),
            span: Some(span),
            ..InputError::plain(self.name, message)
        }
    }
}

/// Reads the text of a weather file.
pub fn parse(name: &str, text: &str, gaps: Gaps) -> Result<Epw, InputError> {
    let source = Source { name, text };
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let header: Vec<&str> = first.split(',').map(str::trim).collect();
    // Some programs begin a text with a byte-order mark.
    if !header[0].trim_start_matches('\u{feff}').eq_ignore_ascii_case("LOCATION") {
        return Err(source
            .error(first, "is no EPW weather file: its first line has to begin with `LOCATION`".into())
            .with_help(
                "weather files of EnergyPlus (.epw) are read: climate.onebuilding.org has them for free",
            ));
    }
    let number = |field: usize, what: &str, low: f64, high: f64| {
        let written = header.get(field).copied().unwrap_or_default();
        match written.parse::<f64>() {
            Ok(value) if (low..=high).contains(&value) => Ok(value),
            _ => {
                Err(source.error(first, format!("the {what} `{written}` is no number from {low} to {high}")))
            }
        }
    };
    let latitude_deg = number(6, "latitude", -90.0, 90.0)?;
    let longitude_deg = number(7, "longitude", -180.0, 180.0)?;
    let elevation = Meters(number(9, "elevation", -450.0, 9_000.0)?);

    let periods = lines.by_ref().take(20).find(|line| line.to_ascii_uppercase().starts_with("DATA PERIODS"));
    let Some(periods) = periods else {
        return Err(source.error(first, "has no line `DATA PERIODS` before its hours".into()));
    };
    check_periods(&source, periods)?;
    refuse_fractions(&source, lines.clone())?;
    let (hours, leap_hours) = rows(&source, lines, gaps)?;
    let (hours, filled) = fill(&source, periods, &hours, gaps)?;
    let words = |fields: &[usize]| {
        let said = fields
            .iter()
            .filter_map(|field| header.get(*field))
            .filter(|word| !word.is_empty() && **word != "-");
        said.copied().collect::<Vec<_>>().join(", ")
    };
    Ok(Epw {
        place: words(&[1, 2, 3]),
        source: words(&[4, 5]),
        latitude_deg,
        longitude_deg,
        elevation,
        hours,
        filled,
        leap_hours,
    })
}

fn check_periods(source: &Source<'_>, line: &str) -> Result<(), InputError> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    for (field, what) in [(1, "periods"), (2, "records an hour")] {
        let written = fields.get(field).copied().unwrap_or_default();
        if written != "1" {
            return Err(source.error(line, format!("has `{written}` {what}: one is read")));
        }
    }
    Ok(())
}

/// Refuses relative humidities that are written as fractions: no place has a year of at most 1 %.
fn refuse_fractions<'a>(source: &Source<'a>, lines: impl Iterator<Item = &'a str>) -> Result<(), InputError> {
    let humid = lines.filter_map(|line| {
        let percent = line.split(',').nth(8)?.trim().parse::<f64>().ok()?;
        (percent > 0.0 && percent < 999.0).then_some((line, percent))
    });
    let highest = humid.reduce(|highest, hour| if hour.1 > highest.1 { hour } else { highest });
    let Some((line, percent)) = highest.filter(|(_, percent)| *percent <= 1.0) else { return Ok(()) };
    let message =
        format!("the relative humidity `{percent}` is the highest of the file: a fraction, it seems");
    Err(source.error(line, message).with_help(
        "relative humidities of a weather file are percentages from 0 to 110: multiply those of the file by 100",
    ))
}

/// An hour of the file, or what is missing and where.
type Row<'a> = Result<EpwHour, (&'a str, String)>;

/// The rows in the order of the hours; those that the file leaves out are gaps.
fn rows<'a>(
    source: &Source<'a>,
    lines: impl Iterator<Item = &'a str>,
    gaps: Gaps,
) -> Result<(Vec<Row<'a>>, u32), InputError> {
    let mut hours: Vec<Row<'a>> = Vec::with_capacity(HOURS);
    let mut leap_hours = 0;
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        if fields.len() < 10 {
            return Err(source.error(line, format!("has {} fields, an hour has 35", fields.len())));
        }
        let date = |field: usize, what: &str, most: u32| match fields[field].parse::<u32>() {
            Ok(value) if (1..=most).contains(&value) => Ok(value),
            _ => Err(source.error(line, format!("the {what} `{}` is none of 1 to {most}", fields[field]))),
        };
        let (month, day, hour) = (date(1, "month", 12)?, date(2, "day", 31)?, date(3, "hour", 24)?);
        if (month, day) == (2, 29) {
            leap_hours += 1;
            continue;
        }
        let days = DAYS[month as usize - 1];
        if day > days {
            return Err(source.error(line, format!("month {month} has {days} days, not {day}")));
        }
        let before: u32 = DAYS[..month as usize - 1].iter().sum();
        let place = ((before + day - 1) * 24 + hour - 1) as usize;
        if place < hours.len() {
            let message = format!("the hour {month}/{day} {hour}:00 comes twice, or too late");
            return Err(source
                .error(line, message)
                .with_help("hours stand in the order of one year, January first"));
        }
        let missing = place - hours.len();
        if missing > 0 {
            let message = format!(
                "{missing} {} missing before {month}/{day} {hour}:00",
                if missing == 1 { "hour is" } else { "hours are" }
            );
            if gaps == Gaps::Refuse || missing > LONGEST_GAP {
                return Err(source.error(line, message).with_help(HELP_GAPS));
            }
            hours.extend((0..missing).map(|_| Err((line, message.clone()))));
        }
        let row = reading(source, line, &fields)?;
        if let (Some(Ok(before)), Ok(now)) = (hours.last(), &row)
            && (now.dry_bulb_c - before.dry_bulb_c).abs() > LARGEST_JUMP_K
        {
            let [before, now] = [before.dry_bulb_c, now.dry_bulb_c];
            let message = format!("the dry bulb jumps from {before} °C to {now} °C within an hour");
            return Err(source.error(line, message).with_help(HELP_JUMP));
        }
        hours.push(row);
    }
    Ok((hours, leap_hours))
}

/// What one line says, or what it lacks.
fn reading<'a>(source: &Source<'_>, line: &'a str, fields: &[&str]) -> Result<Row<'a>, InputError> {
    let value =
        |field: usize, what: &str, missing: f64, low: f64, high: f64| match fields[field].parse::<f64>() {
            _ if fields[field].is_empty() => Ok(None),
            // Nines alone mean that nothing was measured, however many there are.
            Ok(value) if value >= missing && fields[field].chars().all(|sign| "9.0".contains(sign)) => {
                Ok(None)
            }
            Ok(value) if (low..=high).contains(&value) => Ok(Some(value)),
            _ => Err(source
                .error(line, format!("the {what} `{}` is no number from {low} to {high}", fields[field]))),
        };
    let dry_bulb = value(6, "dry bulb", 99.9, DRY_BULBS[0], DRY_BULBS[1])?;
    let dew_point = value(7, "dew point", 99.9, DEW_POINTS[0], DEW_POINTS[1])?;
    let relative = value(8, "relative humidity", 999.0, 0.0, 110.0)?;
    let pressure_pa = value(9, "pressure", 999_999.0, 31_000.0, 120_000.0)?;
    if let (Some(dry_bulb), Some(dew_point)) = (dry_bulb, dew_point)
        && dew_point > dry_bulb + DEW_POINT_EXCESS_K
    {
        let message = format!("the dew point of {dew_point} °C is above the dry bulb of {dry_bulb} °C");
        return Err(source.error(line, message).with_help(HELP_DEW_POINT));
    }
    let moisture = dew_point
        .map(Moisture::DewPoint)
        .or_else(|| relative.map(|percent| Moisture::RelativeHumidity((percent / 100.0).min(1.0))));
    Ok(match (dry_bulb, moisture) {
        (Some(dry_bulb_c), Some(moisture)) => Ok(EpwHour { dry_bulb_c, moisture, pressure_pa }),
        (None, _) => Err((line, "the dry bulb of this hour is missing".into())),
        (_, None) => Err((line, "dew point and relative humidity of this hour are missing".into())),
    })
}

/// Fills gaps on a straight line, or refuses the first of them.
fn fill(
    source: &Source<'_>,
    periods: &str,
    rows: &[Row<'_>],
    gaps: Gaps,
) -> Result<(Vec<EpwHour>, u32), InputError> {
    let mut hours: Vec<EpwHour> = Vec::with_capacity(HOURS);
    let mut filled = 0;
    let mut place = 0;
    while place < rows.len() {
        let (line, message) = match &rows[place] {
            Ok(hour) => {
                hours.push(*hour);
                place += 1;
                continue;
            }
            Err(gap) => gap,
        };
        let length = rows[place..].iter().take_while(|row| row.is_err()).count();
        let after = rows.get(place + length).and_then(|row| row.as_ref().ok());
        let ends = hours.last().or(after).zip(after.or(hours.last()));
        let Some((before, after)) = ends.filter(|_| gaps == Gaps::Interpolate && length <= LONGEST_GAP)
        else {
            let message = match length {
                1 => message.clone(),
                _ => format!("{message}, and those of {} hours after it", length - 1),
            };
            return Err(source.error(line, message).with_help(HELP_GAPS));
        };
        let (before, after) = (*before, *after);
        for step in 1..=length {
            hours.push(between(&before, &after, step as f64 / (length + 1) as f64));
        }
        filled += length as u32;
        place += length;
    }
    if hours.len() < HOURS {
        let missing = HOURS - hours.len();
        if let Some(last) =
            hours.last().copied().filter(|_| gaps == Gaps::Interpolate && missing <= LONGEST_GAP)
        {
            hours.resize(HOURS, last);
            return Ok((hours, filled + missing as u32));
        }
        let message = format!("the file ends {missing} hours before the year does");
        return Err(source
            .error(periods, message)
            .with_help("a whole year is read, 1 January to 31 December"));
    }
    Ok((hours, filled))
}

/// An hour on the straight line between two others; dew points and humidities do not mix, so the nearer one wins there.
fn between(before: &EpwHour, after: &EpwHour, part: f64) -> EpwHour {
    let mix = |a: f64, b: f64| a + (b - a) * part;
    let moisture = match (before.moisture, after.moisture) {
        (Moisture::DewPoint(a), Moisture::DewPoint(b)) => Moisture::DewPoint(mix(a, b)),
        (Moisture::RelativeHumidity(a), Moisture::RelativeHumidity(b)) => {
            Moisture::RelativeHumidity(mix(a, b))
        }
        (a, b) => {
            if part < 0.5 {
                a
            } else {
                b
            }
        }
    };
    let pressure_pa = before.pressure_pa.zip(after.pressure_pa).map(|(a, b)| mix(a, b));
    EpwHour { dry_bulb_c: mix(before.dry_bulb_c, after.dry_bulb_c), moisture, pressure_pa }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of a year whose hour `n` is n/1000 °C warm; `change` may rewrite or drop a line.
    fn file(leap: bool, change: impl Fn(u32, u32, u32, String) -> Option<String>) -> String {
        let mut text = String::from(
            "LOCATION,Testham,TS,GBR,TMYx,037760,51.15,-0.18,0.0,62.0\nDESIGN CONDITIONS,0\n\
             TYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,made up\n\
             COMMENTS 2,\nDATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n",
        );
        let mut count = 0;
        for (month, days) in DAYS.iter().enumerate() {
            let days = days + u32::from(leap && month == 1);
            for day in 1..=days {
                for hour in 1..=24 {
                    let (month, warm) = (month as u32 + 1, f64::from(count) / 1_000.0);
                    let line = format!("2019,{month},{day},{hour},0,?9?9,{warm},-5.0,60,100500,0,0,300");
                    text.extend(change(month, day, hour, line).map(|line| line + "\n"));
                    count += u32::from((month, day) != (2, 29));
                }
            }
        }
        text
    }

    /// No line changed.
    const WHOLE: fn(u32, u32, u32, String) -> Option<String> = |_, _, _, line| Some(line);

    fn refused(text: &str, gaps: Gaps, part: &str) -> InputError {
        let error = parse("x.epw", text, gaps).unwrap_err();
        assert!(error.message.contains(part), "{}", error.message);
        error
    }

    #[test]
    fn a_year_is_read_in_the_order_of_its_hours() {
        let epw = parse("x.epw", &file(false, WHOLE), Gaps::Refuse).unwrap();
        assert_eq!((epw.hours.len(), epw.filled, epw.leap_hours), (8_760, 0, 0));
        assert_eq!((epw.place.as_str(), epw.elevation), ("Testham, TS, GBR", Meters(62.0)));
        assert!((epw.hours[8_759].dry_bulb_c - 8.759).abs() < 1e-12);
        assert_eq!(epw.hours[0].pressure_pa, Some(100_500.0));
        assert_eq!(epw.hours[0].moisture, Moisture::DewPoint(-5.0));
    }

    #[test]
    fn a_leap_day_is_left_out() {
        let epw = parse("x.epw", &file(true, WHOLE), Gaps::Refuse).unwrap();
        assert_eq!((epw.hours.len(), epw.leap_hours), (8_760, 24));
        // 1 March 0:00 follows 28 February: hour 59 · 24 = 1,416.
        assert!((epw.hours[1_416].dry_bulb_c - 1.416).abs() < 1e-12);
    }

    #[test]
    fn a_missing_hour_is_refused_with_its_line_or_filled_on_a_line() {
        // 3 March 5:00 is hour 61 · 24 + 4 = 1,468; the line before which it is missing is 8 + 1,469.
        let text = file(false, |month, day, hour, line| ((month, day, hour) != (3, 3, 5)).then_some(line));
        let error = refused(&text, Gaps::Refuse, "1 hour is missing before 3/3 6:00");
        assert_eq!(error.line(), Some(8 + 1_469));
        let epw = parse("x.epw", &text, Gaps::Interpolate).unwrap();
        assert_eq!((epw.hours.len(), epw.filled), (8_760, 1));
        assert!((epw.hours[1_468].dry_bulb_c - 1.468).abs() < 1e-12);
    }

    #[test]
    fn a_missing_value_is_a_gap() {
        let text = file(false, |month, day, hour, line| {
            let gap = (month, day) == (7, 1) && (4..8).contains(&hour);
            Some(if gap { format!("2019,{month},{day},{hour},0,?,99.9,99.9,999,999999,0") } else { line })
        });
        let error =
            refused(&text, Gaps::Refuse, "dry bulb of this hour is missing, and those of 3 hours after it");
        // 181 days before: 4,344 + 3 hours, behind 8 lines of header.
        assert_eq!(error.line(), Some(8 + 4_344 + 4));
        let epw = parse("x.epw", &text, Gaps::Interpolate).unwrap();
        assert_eq!(epw.filled, 4);
        assert!((epw.hours[4_348].dry_bulb_c - 4.348).abs() < 1e-12);
    }

    #[test]
    fn relative_humidity_stands_in_for_a_missing_dew_point_and_pressure_may_be_missing() {
        let text = file(false, |month, day, hour, line| {
            let odd = (month, day, hour) == (1, 1, 1);
            Some(if odd { "2019,1,1,1,0,?,3.0,99.9,50,999999,0".into() } else { line })
        });
        let hour = parse("x.epw", &text, Gaps::Refuse).unwrap().hours[0];
        assert_eq!((hour.moisture, hour.pressure_pa), (Moisture::RelativeHumidity(0.5), None));
    }

    #[test]
    fn relative_humidities_as_fractions_are_refused_with_the_line_of_the_highest() {
        let text = file(false, |month, day, hour, line| {
            let percent = if (month, day, hour) == (1, 2, 3) { "0.95" } else { "0.6" };
            Some(line.replace(",60,", &format!(",{percent},")))
        });
        let error = refused(&text, Gaps::Refuse, "the relative humidity `0.95` is the highest of the file");
        assert_eq!(error.line(), Some(8 + 27));
        // One damp hour is enough to be a percentage, and so is a file that has none.
        let text = file(false, |month, day, hour, line| {
            Some(if (month, day, hour) == (7, 1, 1) { line } else { line.replace(",60,", ",1.0,") })
        });
        assert!(parse("x.epw", &text, Gaps::Refuse).is_ok());
        let text = file(false, |_, _, _, line| Some(line.replace(",60,", ",999,")));
        assert!(parse("x.epw", &text, Gaps::Refuse).is_ok());
    }

    #[test]
    fn a_weather_station_has_its_way_to_the_market() {
        // London Gatwick to Frankfurt airport, 50.03 N 8.57 E: 626 km; one degree along a meridian is 111.195 km.
        let epw = parse("x.epw", &file(false, WHOLE), Gaps::Refuse).unwrap();
        assert!(
            (epw.distance_to(50.03, 8.57).value() / 626e3 - 1.0).abs() < 0.01,
            "{}",
            epw.distance_to(50.03, 8.57)
        );
        assert!((epw.distance_to(52.15, -0.18).value() - 111_195.0).abs() < 1.0);
        assert!(epw.distance_to(51.15, 359.82).value() < 1e-3);
    }

    #[test]
    fn a_dew_point_above_the_dry_bulb_is_refused_with_its_line() {
        let at = |dew_point: &'static str| {
            file(false, move |month, day, hour, line| {
                let odd = (month, day, hour) == (1, 2, 1);
                Some(if odd { format!("2019,1,2,1,0,?,21.0,{dew_point},60,100500,0") } else { line })
            })
        };
        let error =
            refused(&at("21.6"), Gaps::Refuse, "the dew point of 21.6 °C is above the dry bulb of 21 °C");
        assert_eq!(error.line(), Some(8 + 25));
        refused(&at("30.0"), Gaps::Interpolate, "is above the dry bulb");
        assert!(parse("x.epw", &at("21.4"), Gaps::Refuse).is_ok());
    }

    #[test]
    fn air_beyond_all_records_and_jumps_are_refused_with_their_line() {
        let at = |values: &'static str| {
            file(false, move |month, day, hour, line| {
                let odd = (month, day, hour) == (1, 2, 1);
                Some(if odd { format!("2019,1,2,1,0,?,{values},60,100500,0") } else { line })
            })
        };
        let hot = refused(&at("57.1,10.0"), Gaps::Refuse, "the dry bulb `57.1` is no number from -90 to 57");
        assert_eq!(hot.line(), Some(8 + 25));
        refused(&at("40.0,36.5"), Gaps::Refuse, "the dew point `36.5` is no number from -90 to 36");
        // The hour before has 0.023 °C.
        let jump = refused(&at("30.1,-5.0"), Gaps::Refuse, "jumps from 0.023 °C to 30.1 °C within an hour");
        assert_eq!(jump.line(), Some(8 + 25));
        assert!(parse("x.epw", &at("30.0,-5.0"), Gaps::Refuse).is_ok());
    }

    #[test]
    fn what_is_no_text_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let said = |bytes: &[u8]| {
            let path = folder.path().join("x.epw");
            std::fs::write(&path, bytes).unwrap();
            let error = read(&path, Gaps::Refuse).unwrap_err();
            assert!(error.text.is_none(), "{error:?}");
            error.message
        };
        assert_eq!(said(b"\x1f\x8b\x08\x00abc"), "is compressed with gzip");
        assert_eq!(said(b"PK\x03\x04\x14\x00"), "is a zip archive");
        assert_eq!(said(b"\xff\xfeL\x00O\x00"), "is text in UTF-16");
        assert!(said(b"LOCATION\x00,").contains("is no text"));
        // Latin-1, as names of places have it, is text.
        let path = folder.path().join("x.epw");
        std::fs::write(&path, b"LOCATION,Lule\xe5,").unwrap();
        assert!(read(&path, Gaps::Refuse).unwrap_err().message.contains("latitude"));
    }

    #[test]
    fn a_gap_of_more_than_six_hours_is_refused_either_way() {
        let text = file(false, |month, day, hour, line| ((month, day) != (5, 2) || hour > 7).then_some(line));
        refused(&text, Gaps::Interpolate, "7 hours are missing before 5/2 8:00");
    }

    #[test]
    fn what_is_no_weather_file_is_refused() {
        refused("[site]\nid = 1\n", Gaps::Refuse, "no EPW weather file");
        refused("", Gaps::Refuse, "no EPW weather file");
        refused("LOCATION,a,b,c,d,e,51,0,0,high\n", Gaps::Refuse, "the elevation `high`");
        refused("LOCATION,a,b,c,d,e,51,0,0,62\n", Gaps::Refuse, "no line `DATA PERIODS`");
        let short = file(false, |month, _, _, line| (month < 12).then_some(line));
        refused(&short, Gaps::Interpolate, "ends 744 hours before the year");
        let evening =
            file(false, |month, day, hour, line| ((month, day) != (12, 31) || hour <= 20).then_some(line));
        refused(&evening, Gaps::Refuse, "ends 4 hours before the year");
        assert_eq!(parse("x.epw", &evening, Gaps::Interpolate).unwrap().filled, 4);
        let endless = file(false, |_, _, _, line| Some(line.replace(",-5.0,", ",inf,")));
        refused(&endless, Gaps::Refuse, "the dew point `inf`");
        let twice = file(false, |month, day, hour, line| {
            Some(if (month, day, hour) == (1, 1, 9) { line.replace(",9,0,", ",8,0,") } else { line })
        });
        refused(&twice, Gaps::Interpolate, "comes twice");
        let halves = file(false, WHOLE).replace("DATA PERIODS,1,1", "DATA PERIODS,1,2");
        refused(&halves, Gaps::Refuse, "has `2` records an hour");
        let hot = file(false, |_, _, _, line| Some(line.replace(",-5.0,", ",-500,")));
        assert_eq!(refused(&hot, Gaps::Refuse, "the dew point `-500`").line(), Some(9));
    }
}
