//! Results that are rows with the same columns, for spreadsheets and for databases.
//!
//! The columns are those of an exemplar that lacks nothing, so two tables of a kind have the same, in the same types,
//! whatever their rows lack.

use super::csv;
use serde_json::Value;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Number,
    /// Whole numbers.
    Count,
    /// Yes or no.
    Truth,
    /// Words.
    Words,
}

/// Rows with the same columns; nested values have dotted names.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    /// Names and kinds of the columns.
    pub columns: Vec<(String, Kind)>,
    /// Values, row by row.
    pub rows: Vec<Vec<Value>>,
}

impl Records {
    /// Rows with the columns of an exemplar.
    pub fn of(exemplar: &Value, rows: impl IntoIterator<Item = Value>) -> Self {
        let mut columns = Vec::new();
        leaves("", exemplar, &mut columns);
        let cells = |row: Value| columns.iter().map(|(name, _)| cell(&row, name)).collect();
        Self { rows: rows.into_iter().map(cells).collect(), columns }
    }

    /// As comma-separated values.
    #[must_use]
    pub fn csv(&self) -> String {
        let header: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        csv::table(&header, self.rows.iter().map(|row| row.iter().map(text)))
    }
}

fn leaves(path: &str, value: &Value, columns: &mut Vec<(String, Kind)>) {
    let kind = match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaves(&below, field, columns);
            }
            return;
        }
        Value::Number(number) if number.is_f64() => Kind::Number,
        Value::Number(_) => Kind::Count,
        Value::Bool(_) => Kind::Truth,
        _ => Kind::Words,
    };
    columns.push((path.to_owned(), kind));
}

fn cell(row: &Value, name: &str) -> Value {
    name.split('.').try_fold(row, |value, key| value.get(key)).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_have_the_columns_of_the_exemplar_whatever_they_lack() {
        let exemplar = json!({"a": "x", "b": {"c": 1, "d_s": 0.5}, "e": true});
        let rows = [json!({"a": "m, n", "b": null, "e": false}), json!({"b": {"d_s": 2.0}, "f": 7})];
        let records = Records::of(&exemplar, rows);
        let kinds: Vec<Kind> = records.columns.iter().map(|(_, kind)| *kind).collect();
        assert_eq!(kinds, [Kind::Words, Kind::Count, Kind::Number, Kind::Truth]);
        assert_eq!(records.csv(), "a,b.c,b.d_s,e\n\"m, n\",,,false\n,,2.0,\n");
    }
}
