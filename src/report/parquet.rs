//! Rows as Parquet: one row group, every column optional, nothing compressed.

use super::records::{Kind, Records};
use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde_json::Value;
use std::sync::Arc;

/// The bytes of a Parquet file with these rows.
pub fn bytes(records: &Records) -> Result<Vec<u8>, ParquetError> {
    let fields = records.columns.iter().map(|(name, kind)| field(name, *kind).map(Arc::new));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("gigawatt").with_fields(fields).build()?;
    let made_by = format!("gigawatt {}", env!("CARGO_PKG_VERSION"));
    let properties = WriterProperties::builder().set_created_by(made_by).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (place, (_, kind)) in records.columns.iter().enumerate() {
        let cells = || records.rows.iter().map(|row| &row[place]);
        match kind {
            Kind::Number => column::<DoubleType>(&mut group, cells().map(Value::as_f64))?,
            Kind::Count => column::<Int64Type>(&mut group, cells().map(Value::as_i64))?,
            Kind::Truth => column::<BoolType>(&mut group, cells().map(Value::as_bool))?,
            Kind::Words => {
                column::<ByteArrayType>(&mut group, cells().map(|cell| cell.as_str().map(ByteArray::from)))?;
            }
        }
    }
    group.close()?;
    writer.into_inner()
}

fn field(name: &str, kind: Kind) -> Result<Type, ParquetError> {
    let physical = match kind {
        Kind::Number => Physical::DOUBLE,
        Kind::Count => Physical::INT64,
        Kind::Truth => Physical::BOOLEAN,
        Kind::Words => Physical::BYTE_ARRAY,
    };
    let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    match kind {
        Kind::Words => field
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8)
            .build(),
        _ => field.build(),
    }
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let (mut values, mut there) = (Vec::new(), Vec::new());
    for cell in cells {
        there.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(&values, Some(&there), None)?;
        column.close()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    use serde_json::json;

    #[test]
    fn a_table_reads_back_to_the_last_bit() {
        let exemplar = json!({"name": "", "rate": 0.5, "count": 1, "is": true, "nested": {"deep_s": 0.5}});
        let rate = 0.1_f64 + 0.2;
        let rows = [
            json!({"name": "größer", "rate": rate, "count": 7, "is": false, "nested": {"deep_s": 1e-300}}),
            json!({"name": "x", "rate": null, "count": 1_u64 << 60, "is": true, "nested": null}),
        ];
        let bytes = bytes(&Records::of(&exemplar, rows)).unwrap();
        let file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut &file, &bytes).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].get_string(0).unwrap(), "größer");
        assert_eq!(rows[0].get_double(1).unwrap().to_bits(), rate.to_bits());
        assert_eq!((rows[0].get_long(2).unwrap(), rows[1].get_long(2).unwrap()), (7, 1 << 60));
        assert!(!rows[0].get_bool(3).unwrap() && rows[1].get_double(1).is_err());
        let names: Vec<&str> = rows[0].get_column_iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["name", "rate", "count", "is", "nested.deep_s"]);
    }

    #[test]
    fn a_table_without_rows_keeps_its_columns() {
        let bytes = bytes(&Records::of(&json!({"a": 1}), [])).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }
}
