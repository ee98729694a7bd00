//! The client against a server that none of us wrote: moto's S3 and Step Functions. It shows what the client takes for
//! granted that only our own cloud does.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::support::{Home, end, noise, picture, wait_until};
use crate::{clients, skip};

const WITHOUT_MOTO: &str =
    "Python with moto's server is not installed (pip install 'moto[server,s3]')";

/// A server that ends with its test.
struct Moto(Child);

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes the bucket and the machine, and tells the machine's ARN.
const PREPARE: &str = "
import boto3, sys
to = dict(endpoint_url=sys.argv[1], region_name='us-east-1')
boto3.client('s3', **to).create_bucket(Bucket='boards')
machine = boto3.client('stepfunctions', **to).create_state_machine(
    name='whiteboarder', roleArn='arn:aws:iam::123456789012:role/r',
    definition='{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}')
print(machine['stateMachineArn'], end='')
";

/// Tells how many originals are there, each byte for byte as in the folder, and how many uploads are unfinished.
const LOOK: &str = "
import boto3, os, sys
s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1')
there = 0
for found in s3.list_objects_v2(Bucket='boards', Prefix='inbox/')['Contents']:
    body = s3.get_object(Bucket='boards', Key=found['Key'])['Body'].read()
    name = os.path.join(sys.argv[2], found['Key'].split('/', 2)[2])
    assert body == open(name, 'rb').read(), name
    there += 1
print(there, len(s3.list_multipart_uploads(Bucket='boards').get('Uploads', [])), end='')
";

#[test]
fn moto_gets_every_byte_and_the_same_folder_only_once() {
    let Some(clients) = clients() else {
        return skip(WITHOUT_MOTO);
    };
    let python = |home: &Home| {
        let mut command = home.command_of(clients.python.as_ref(), &["-c"]);
        command
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing");
        command
    };
    let known = Command::new(&clients.python)
        .args(["-c", "import moto.server, flask"])
        .stderr(Stdio::null())
        .status();
    if !known.is_ok_and(|status| status.success()) {
        return skip(WITHOUT_MOTO);
    }
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let home = Home::new()
        .with("AWS_ACCESS_KEY_ID", "testing")
        .with("AWS_SECRET_ACCESS_KEY", "testing")
        .with("AWS_CONFIG_FILE", "/dev/null")
        .with("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let server = "import sys; from moto.server import main; main(['-p', sys.argv[1]])";
    let started = python(&home)
        .args([server, &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _moto = Moto(started);
    wait_until("moto listens", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let endpoint = format!("http://127.0.0.1:{port}");
    let machine = end(python(&home).args([PREPARE, &endpoint]).spawn().unwrap()).expect(0);
    home.folder("wb/config");
    let profile = format!(
        "profile = \"moto\"\n[profiles.moto]\nendpoint = \"{endpoint}\"\nregion = \"us-east-1\"\nbucket = \"boards\"\n\
         state_machine_arn = \"{}\"\n",
        machine.out
    );
    fs::write(home.path("wb/config/config.toml"), profile).unwrap();

    let photos = home.folder("photos/deep");
    for number in 0..5 {
        fs::write(
            photos.join(format!("{number} ä+&.png")),
            picture(320, 240, number),
        )
        .unwrap();
    }
    // Three parts, and the last one is short.
    let big: Vec<u8> = noise(3)
        .map(|random| random as u8)
        .take(20_000_000)
        .collect();
    fs::write(home.path("photos/big.png"), big).unwrap();
    let looked = || {
        let folder = home.path("photos");
        let mut command = python(&home);
        command.args([LOOK, &endpoint]).arg(folder);
        end(command.spawn().unwrap()).expect(0).out
    };
    home.run(&["submit", "photos"]).expect(0);
    assert_eq!(looked(), "6 0");
    // Another batch with the same content and recipe: nothing is sent.
    home.run(&["submit", "photos"]).expect(0);
    assert_eq!(looked(), "6 0");
    // Asked for, it is.
    home.run(&["submit", "photos", "--again"]).expect(0);
    assert_eq!(looked(), "12 0");
}
