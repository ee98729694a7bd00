//! The items of distributed Maps: from a file, an inventory, or a listing.

use std::io::{self, Read as _};

use bytes::Bytes;
use serde_json::json;
use states_language::{Inventory, ItemReader, Items, MapRunError, Resource};

use super::{Parameters, S3Calls, entry, text};
use crate::s3::{ListWish, StoreError};

/// A file of items beyond this is not read into memory.
const MAX_ITEMS_FILE: u64 = 1 << 30;

/// What a gzip file begins with (RFC 1952): no text does.
const GZIP: [u8; 2] = [0x1f, 0x8b];

impl S3Calls<'_> {
    /// Fetches the items of a distributed Map.
    pub(in crate::lanes) async fn items(&self, reader: &ItemReader) -> Result<Items, MapRunError> {
        let failed = |error: StoreError| MapRunError::reader(error.to_string());
        let parameters: Parameters = serde_json::from_str(&reader.arguments)
            .map_err(|_| MapRunError::reader("The reader's parameters are no object"))?;
        let Some(bucket) = text(&parameters, "Bucket") else {
            return Err(MapRunError::reader("The field 'Bucket' is required"));
        };
        let lists = matches!(
            &reader.resource,
            Resource::Service { action, .. } if action == "listObjectsV2"
        );
        if !lists {
            let key = text(&parameters, "Key")
                .ok_or_else(|| MapRunError::reader("The field 'Key' is required"))?;
            let body = self.file(bucket, key).await?;
            let source = format!("S3://{bucket}/{key}");
            return match Inventory::read(reader, &body)? {
                None => Items::of_file(reader, &source, &body),
                Some(inventory) => {
                    let bucket = inventory.bucket.as_deref().unwrap_or(bucket);
                    let keys = inventory.keys.iter().map(String::as_str);
                    self.files(&inventory.reader, bucket, keys, &source).await
                }
            };
        }
        let most = most_items(reader);
        let loads = reader.config.get("Transformation") == Some(&json!("LOAD_AND_FLATTEN"));
        let mut wish = ListWish {
            bucket: bucket.to_owned(),
            prefix: text(&parameters, "Prefix").unwrap_or_default().to_owned(),
            limit: 1000,
            ..ListWish::default()
        };
        let source = format!("S3://{bucket}");
        let mut listed = Vec::new();
        loop {
            let page = self.store.list(wish.clone()).await.map_err(failed)?;
            listed.extend(page.objects);
            match page.next {
                // How many objects it takes for so many items is seen when they are loaded.
                Some(next) if loads || listed.len() < most => wish.token = Some(next),
                _ => break,
            }
        }
        if loads {
            // Consoles make empty objects that stand for folders.
            let objects = listed.iter().filter(|object| object.size > 0);
            let keys = objects.map(|object| object.key.as_str());
            return self.files(reader, bucket, keys, &source).await;
        }
        let values = listed.iter().map(entry).collect();
        Ok(Items::of_listing(reader, &source, values))
    }

    /// The items of several files, one after the other, until there are as many as are wanted.
    async fn files(
        &self,
        reader: &ItemReader,
        bucket: &str,
        keys: impl Iterator<Item = &str>,
        source: &str,
    ) -> Result<Items, MapRunError> {
        let most = most_items(reader);
        let (mut files, mut count, mut bytes) = (Vec::new(), 0, 0);
        for key in keys {
            let body = self.file(bucket, key).await?;
            bytes += body.len() as u64;
            if bytes > MAX_ITEMS_FILE {
                let cause = format!("The files have more than {MAX_ITEMS_FILE} bytes together");
                return Err(MapRunError::reader(cause));
            }
            let items = Items::of_file(reader, source, &body)?;
            count += items.values.len();
            files.push(items);
            if count >= most {
                break;
            }
        }
        Ok(Items::of_files(reader, source, files))
    }

    /// A file of items, unpacked.
    async fn file(&self, bucket: &str, key: &str) -> Result<Bytes, MapRunError> {
        let failed = |error: StoreError| MapRunError::reader(error.to_string());
        let too_large =
            || MapRunError::reader(format!("{key} has more than {MAX_ITEMS_FILE} bytes"));
        let info = self.store.head_object(bucket, key).await.map_err(failed)?;
        if info.size > MAX_ITEMS_FILE {
            return Err(too_large());
        }
        let (_, body) = self.store.get_object(bucket, key).await.map_err(failed)?;
        if !body.starts_with(&GZIP) {
            return Ok(body);
        }
        let unpacked = tokio::task::spawn_blocking(move || {
            let mut unpacked = Vec::new();
            let packed = flate2::read::MultiGzDecoder::new(body.as_ref());
            let read = packed.take(MAX_ITEMS_FILE + 1).read_to_end(&mut unpacked);
            read.map(|_| unpacked)
        });
        let unpacked = unpacked
            .await
            .unwrap_or_else(|ended| Err(io::Error::other(ended)));
        let unpacked = unpacked
            .map_err(|error| MapRunError::reader(format!("{key} cannot be unpacked: {error}")))?;
        if unpacked.len() as u64 > MAX_ITEMS_FILE {
            return Err(too_large());
        }
        Ok(unpacked.into())
    }
}

/// How many items a reader wants at most.
fn most_items(reader: &ItemReader) -> usize {
    let most = reader.max_items.filter(|most| *most > 0);
    most.map_or(usize::MAX, |most| {
        usize::try_from(most).unwrap_or(usize::MAX)
    })
}
