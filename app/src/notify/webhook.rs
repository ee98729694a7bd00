//! A post of JSON, signed so that the receiver knows who sent it.

use std::io::Read;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::OffsetDateTime;

use super::Notice;
use super::http::{Client, Post};
use crate::term::text;

/// A secret takes some tens of bytes.
const MOST_BYTES: u64 = 4096;

/// Posts a notice.
pub async fn post(
    url: &str,
    secret_file: Option<&Path>,
    notice: &Notice,
    client: &Client,
) -> Result<(), String> {
    let secret = secret_file.map(secret).transpose()?;
    let body = serde_json::to_vec(notice).map_err(|error| error.to_string())?;
    client
        .post(url, || {
            let mut headers = vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                (
                    "user-agent".to_owned(),
                    concat!("whiteboarder/", env!("CARGO_PKG_VERSION")).to_owned(),
                ),
                ("idempotency-key".to_owned(), notice.id.clone()),
            ];
            if let Some(secret) = &secret {
                let now = OffsetDateTime::now_utc().unix_timestamp();
                let signature = signature(secret, now, &body)?;
                headers.push(("whiteboarder-signature".to_owned(), signature));
            }
            let body = body.clone();
            Ok(Post { headers, body })
        })
        .await
}

/// `t=<seconds since the epoch>,v1=<hexadecimal HMAC-SHA256 of "t.body">`: the time is signed, too, so that an old post
/// cannot be sent again later.
fn signature(secret: &[u8], at: i64, body: &[u8]) -> Result<String, String> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret).map_err(|_| "its secret is not right".to_owned())?;
    mac.update(at.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(format!(
        "t={at},v1={}",
        hex::encode(mac.finalize().into_bytes())
    ))
}

/// The secret of a file that only its owner can read; a line end behind it does not count.
fn secret(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| {
        let why = crate::error::system(&error);
        format!("cannot read its secret {}: {why}", text::path(path))
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "others may read its secret {} (mode {mode:o}): `chmod 600` it",
                text::path(path)
            ));
        }
    }
    let mut secret = Vec::new();
    file.take(MOST_BYTES)
        .read_to_end(&mut secret)
        .map_err(failed)?;
    while matches!(secret.last(), Some(b'\n' | b'\r')) {
        secret.pop();
    }
    if secret.is_empty() {
        return Err(format!("its secret {} is empty", text::path(path)));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use sha2::Digest;

    use super::super::http::tests::server;
    use super::*;
    use crate::notify::sample;

    fn secret_file(folder: &Path, mode: u32) -> PathBuf {
        let path = folder.join("secret");
        std::fs::write(&path, "hush-hush\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// HMAC by its definition (RFC 2104), not by the crate that signs.
    fn hmac_sha256(key: &[u8], message: &[u8]) -> String {
        let mut block = [0_u8; 64];
        block[..key.len()].copy_from_slice(key);
        let inner: Vec<u8> = block.iter().map(|byte| byte ^ 0x36).collect();
        let outer: Vec<u8> = block.iter().map(|byte| byte ^ 0x5c).collect();
        let inner = Sha256::digest([inner.as_slice(), message].concat());
        hex::encode(Sha256::digest([outer.as_slice(), &inner].concat()))
    }

    #[tokio::test]
    async fn a_post_is_signed_and_tried_again_until_it_is_accepted_once() {
        let folder = tempfile::tempdir().unwrap();
        let secret = secret_file(folder.path(), 0o600);
        let (url, asked) = server(&[503, 503, 200]).await;
        let notice = sample();
        let client = Client::impatient();
        post(&url, Some(&secret), &notice, &client).await.unwrap();
        let asked = asked.lock().unwrap();
        let codes: Vec<_> = asked.iter().map(|one| one.answered).collect();
        assert_eq!(codes, [503, 503, 200]);
        for one in asked.iter() {
            assert_eq!(one.headers["idempotency-key"], notice.id);
            assert_eq!(one.headers["content-type"], "application/json");
            let body: serde_json::Value = serde_json::from_str(&one.body).unwrap();
            assert_eq!(body, serde_json::to_value(&notice).unwrap());
            let signature = &one.headers["whiteboarder-signature"];
            let (time, v1) = signature
                .strip_prefix("t=")
                .unwrap()
                .split_once(",v1=")
                .unwrap();
            let message = format!("{time}.{}", one.body);
            assert_eq!(v1, hmac_sha256(b"hush-hush", message.as_bytes()));
        }
    }

    #[tokio::test]
    async fn what_is_refused_for_good_is_not_tried_again_and_what_never_comes_back_five_times() {
        let client = Client::impatient();
        let (url, asked) = server(&[400]).await;
        let refused = post(&url, None, &sample(), &client).await;
        assert_eq!(refused, Err("it answered 400".to_owned()));
        assert_eq!(asked.lock().unwrap().len(), 1);
        assert!(
            !asked.lock().unwrap()[0]
                .headers
                .contains_key("whiteboarder-signature")
        );
        let (url, asked) = server(&[429]).await;
        let refused = post(&url, None, &sample(), &client).await;
        assert_eq!(refused, Err("it answered 429, 5 times".to_owned()));
        assert_eq!(asked.lock().unwrap().len(), 5);
        let nobody = post("http://127.0.0.1:1/secret", None, &sample(), &client).await;
        assert_eq!(nobody, Err("it cannot be reached, 5 times".to_owned()));
    }

    #[tokio::test]
    async fn a_secret_that_others_can_read_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let secret = secret_file(folder.path(), 0o640);
        let (url, asked) = server(&[200]).await;
        let refused = post(&url, Some(&secret), &sample(), &Client::impatient()).await;
        let why = refused.unwrap_err();
        assert!(
            why.contains("others may read") && why.contains("mode 640"),
            "{why}"
        );
        assert!(!why.contains("hush"), "{why}");
        assert!(asked.lock().unwrap().is_empty());
    }
}
