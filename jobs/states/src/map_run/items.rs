//! From what a reader fetched to items.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{ItemReader, ItemSource, MapRunError, MapRunRequest};

/// The items of a run, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Items {
    /// Their values.
    pub values: Vec<Value>,
    /// For the fields of an object, their names; empty otherwise.
    pub keys: Vec<String>,
    /// Where they come from: `STATE_DATA`, or the URI of what was read.
    pub source: String,
}

impl Items {
    /// The items that stand in the state's input; nothing when they have to be read first.
    #[must_use]
    pub fn of_request(request: &MapRunRequest) -> Option<Items> {
        let ItemSource::Items(text) = &request.source else {
            return None;
        };
        // Written by the interpreter: an array.
        let values = serde_json::from_str(text).unwrap_or_default();
        Some(Items {
            values,
            keys: Vec::new(),
            source: "STATE_DATA".to_owned(),
        })
    }

    /// The items of a listing, given as they are.
    #[must_use]
    pub fn of_listing(reader: &ItemReader, source: &str, values: Vec<Value>) -> Items {
        Items {
            values,
            keys: Vec::new(),
            source: source.to_owned(),
        }
        .up_to(reader.max_items)
    }

    /// Reads the items in a file: a JSON array or object, JSON Lines or CSV, as `ReaderConfig` says.
    /// `source` is the file's URI.
    pub fn of_file(reader: &ItemReader, source: &str, bytes: &[u8]) -> Result<Items, MapRunError> {
        let word = |key: &str| reader.config.get(key).and_then(Value::as_str);
        let (values, keys) = match word("InputType") {
            Some("JSON") | None => whole(bytes, word("ItemsPointer"))?,
            Some("JSONL") => (lines(bytes)?, Vec::new()),
            Some("CSV") => (csv(reader, bytes)?, Vec::new()),
            Some(other) => {
                let cause = format!("The input type {other} is not supported");
                return Err(MapRunError::reader(cause));
            }
        };
        let source = source.to_owned();
        let items = Items {
            values,
            keys,
            source,
        };
        Ok(items.up_to(reader.max_items))
    }

    /// The items of several files, one after the other: those of an inventory, or of a listing whose objects are loaded.
    #[must_use]
    pub fn of_files(reader: &ItemReader, source: &str, files: Vec<Items>) -> Items {
        let values = files.into_iter().flat_map(|file| file.values).collect();
        Items::of_listing(reader, source, values)
    }

    fn up_to(mut self, most: Option<u64>) -> Items {
        if let Some(most) = most.filter(|most| *most > 0) {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            self.values.truncate(most);
            self.keys.truncate(most);
        }
        self
    }
}

/// The manifest of an S3 inventory: files of CSV rows, each about one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Inventory {
    /// Where the files are; the manifest's own bucket when it does not say.
    pub bucket: Option<String>,
    /// Their keys. Keys that end in `.gz` are compressed.
    pub keys: Vec<String>,
    /// How each of them is read.
    pub reader: ItemReader,
}

impl Inventory {
    /// Reads a manifest that `reader` asks for; nothing when it asks for something else.
    pub fn read(reader: &ItemReader, bytes: &[u8]) -> Result<Option<Inventory>, MapRunError> {
        if reader.config.get("InputType").and_then(Value::as_str) != Some("MANIFEST") {
            return Ok(None);
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| {
            MapRunError::reader(format!(
                "The manifest is not one of an S3 inventory: {error}"
            ))
        })?;
        if !manifest.file_format.eq_ignore_ascii_case("CSV") {
            let format = manifest.file_format;
            let cause = format!("The inventory has the format {format}; only CSV is supported");
            return Err(MapRunError::reader(cause));
        }
        let columns: Vec<&str> = manifest.file_schema.split(',').map(str::trim).collect();
        let config = json!({
            "InputType": "CSV",
            "CSVHeaderLocation": "GIVEN",
            "CSVHeaders": columns,
        });
        let bucket = manifest.destination_bucket;
        Ok(Some(Inventory {
            bucket: bucket.map(|arn| arn.rsplit(':').next().unwrap_or_default().to_owned()),
            keys: manifest.files.into_iter().map(|file| file.key).collect(),
            reader: ItemReader {
                config,
                ..reader.clone()
            },
        }))
    }
}

/// `manifest.json`, as S3 writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    destination_bucket: Option<String>,
    file_format: String,
    file_schema: String,
    files: Vec<ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    key: String,
}

fn not_json(error: &serde_json::Error) -> MapRunError {
    MapRunError::reader(format!("Attempting to map over non-JSON content: {error}"))
}

fn whole(bytes: &[u8], pointer: Option<&str>) -> Result<(Vec<Value>, Vec<String>), MapRunError> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|error| not_json(&error))?;
    if let Some(pointer) = pointer {
        let found = value.pointer_mut(pointer).map(Value::take);
        value = found.ok_or_else(|| {
            MapRunError::reader(format!("The items pointer '{pointer}' leads nowhere"))
        })?;
    }
    match value {
        Value::Array(values) => Ok((values, Vec::new())),
        Value::Object(fields) => {
            let (keys, values) = fields.into_iter().unzip();
            Ok((values, keys))
        }
        _ => Err(MapRunError::reader(
            "Attempting to map over non-iterable node: the JSON is neither an array nor an object",
        )),
    }
}

fn lines(bytes: &[u8]) -> Result<Vec<Value>, MapRunError> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| serde_json::from_slice(line).map_err(|error| not_json(&error)))
        .collect()
}

fn csv(reader: &ItemReader, bytes: &[u8]) -> Result<Vec<Value>, MapRunError> {
    let word = |key: &str| reader.config.get(key).and_then(Value::as_str);
    let delimiter = match word("CSVDelimiter") {
        Some("PIPE") => b'|',
        Some("SEMICOLON") => b';',
        Some("SPACE") => b' ',
        Some("TAB") => b'\t',
        _ => b',',
    };
    let unreadable = |error: csv::Error| MapRunError::reader(format!("The CSV is broken: {error}"));
    // A byte order mark is no part of the first name.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(bytes)
        .into_records();
    let names: Vec<String> = if word("CSVHeaderLocation") == Some("GIVEN") {
        let given = reader.config.get("CSVHeaders").and_then(Value::as_array);
        let names = given.into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    } else {
        match rows.next() {
            Some(row) => row.map_err(unreadable)?.iter().map(str::to_owned).collect(),
            None => return Ok(Vec::new()),
        }
    };
    let mut items = Vec::new();
    for row in rows {
        let row = row.map_err(unreadable)?;
        if row.len() > names.len() {
            let line = row.position().map_or(0, csv::Position::line);
            let cause = format!(
                "CSV line {line} has {} fields, and there are {} headers",
                row.len(),
                names.len()
            );
            return Err(MapRunError::reader(cause));
        }
        let fields = names.iter().enumerate().map(|(column, name)| {
            let text = row.get(column).unwrap_or_default();
            (name.clone(), Value::from(text))
        });
        items.push(Value::Object(fields.collect::<Map<_, _>>()));
    }
    Ok(items)
}
