//! Results as rows: key, value, unit.

use serde_json::Value;

/// Endings of keys and the units they stand for, longest first where one ends like another.
const UNITS: &[(&str, &str)] = &[
    ("bytes_per_s_per_accelerator", "B/s"),
    ("tokens_per_s_per_accelerator", "tokens/s"),
    ("tokens_per_s_per_user", "tokens/s"),
    ("usd_per_accelerator_hour", "$/h"),
    ("usd_per_mtok_output", "$/Mtok"),
    ("usd_per_mtok", "$/Mtok"),
    ("usd_per_year", "$/y"),
    ("usd_per_w", "$/W"),
    ("kg_per_year", "kg/y"),
    ("bytes_per_s", "B/s"),
    ("flop_per_s", "FLOP/s"),
    ("tokens_per_s", "tokens/s"),
    ("m3_per_s", "m³/s"),
    ("m3_per_year", "m³/y"),
    ("s_per_year", "s/y"),
    ("j_per_year", "J/y"),
    ("m_per_s", "m/s"),
    ("w_per_s", "W/s"),
    ("per_s", "1/s"),
    ("l_per_kwh", "L/kWh"),
    ("j_per_token", "J/token"),
    ("bytes", "B"),
    ("usd", "$"),
    ("hours", "h"),
    ("kg", "kg"),
    ("m2", "m²"),
    ("var", "var"),
    ("va", "VA"),
    ("pa", "Pa"),
    ("mm", "mm"),
    ("w", "W"),
    ("j", "J"),
    ("s", "s"),
    ("m", "m"),
    ("c", "°C"),
    ("k", "K"),
    ("a", "A"),
    ("v", "V"),
];

/// The unit in a key's name, or nothing for counts, shares and words.
#[must_use]
pub fn unit(key: &str) -> &'static str {
    // The last named part counts: `layout.hall_m.0` is in metres.
    let name = key.rsplit('.').find(|part| part.parse::<usize>().is_err()).unwrap_or(key);
    UNITS
        .iter()
        .find(|(ending, _)| {
            (name == *ending && name.len() > 1)
                || name.strip_suffix(ending).is_some_and(|front| front.ends_with('_'))
        })
        .map_or("", |(_, unit)| unit)
}

/// A JSON value as flat rows: dotted key, value, unit.
#[must_use]
pub fn flat_rows(value: &Value) -> Vec<(String, String, &'static str)> {
    let mut rows = Vec::new();
    flatten("", value, &mut rows);
    rows
}

fn flatten(path: &str, value: &Value, rows: &mut Vec<(String, String, &'static str)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                flatten(&below(name), field, rows);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&below(&index.to_string()), item, rows);
            }
        }
        Value::Null => rows.push((path.to_owned(), String::new(), unit(path))),
        Value::String(text) => rows.push((path.to_owned(), text.clone(), "")),
        Value::Bool(_) | Value::Number(_) => rows.push((path.to_owned(), value.to_string(), unit(path))),
    }
}

/// A JSON value as CSV with the columns key, value and unit.
#[must_use]
pub fn flattened(value: &Value) -> String {
    let rows = flat_rows(value).into_iter().map(|(key, value, unit)| [key, value, unit.to_owned()]);
    table(&["key", "value", "unit"], rows)
}

/// A header and rows as CSV.
pub fn table<S, R, C>(header: &[S], rows: impl IntoIterator<Item = R>) -> String
where
    S: AsRef<str>,
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // Writing into memory cannot fail.
    let _ = writer.write_record(header.iter().map(|name| name.as_ref().as_bytes()));
    for row in rows {
        let cells: Vec<C> = row.into_iter().collect();
        let _ = writer.write_record(cells.iter().map(|cell| cell.as_ref().as_bytes()));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_in_the_key() {
        for (key, expected) in [
            ("power.envelope_w", "W"),
            ("power.annual_energy_j", "J"),
            ("layout.hall_m.0", "m"),
            ("layout.area_m2", "m²"),
            ("fabric.scale_up.bytes_per_s_per_accelerator", "B/s"),
            ("throughput.serving.0.j_per_token", "J/token"),
            ("economics.parts.3.usd", "$"),
            ("fleet.accelerators", ""),
            ("fleet.spares", ""),
            ("power.pue_annual", ""),
            ("fabric.scale_out.bisection_bytes_per_s", "B/s"),
            ("throughput.serving.0.ttft_s", "s"),
            ("cooling.design_water_m3_per_s", "m³/s"),
            ("cooling.water_m3_per_year", "m³/y"),
            ("cooling.coolant.0.row.velocity_m_per_s", "m/s"),
            ("cooling.coolant.0.row.head_pa", "Pa"),
            ("cooling.coolant.0.group.approach_k", "K"),
            ("power.cooled.down_time_s_per_year", "s/y"),
            ("power.dynamics.ramps.0.limit_w_per_s", "W/s"),
            ("power.dynamics.pace_per_s", "1/s"),
            ("power.load_flow.capacitors_var", "var"),
            ("power.load_flow.capacitor_bank_var", "var"),
            ("power.load_flow.feeder_rating_va", "VA"),
            ("power.fault_levels.run_a", "A"),
            ("power.hall_voltage_v", "V"),
        ] {
            assert_eq!(unit(key), expected, "{key}");
        }
    }

    #[test]
    fn nested_values_become_dotted_rows() {
        let value = serde_json::json!({"a": {"b_w": 1.5, "c": [1, null]}, "d": "x,y"});
        assert_eq!(flattened(&value), "key,value,unit\na.b_w,1.5,W\na.c.0,1,\na.c.1,,\nd,\"x,y\",\n");
    }
}
