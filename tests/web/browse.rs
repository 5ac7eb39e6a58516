//! Makes the page's JavaScript, serves the page to a headless browser, and prints what it reports.
//!
//!     browse PAGE.wasm FOLDER [BROWSER]

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use std::{env, fs, thread};

use wasm_bindgen_cli_support::Bindgen;

/// A browser without a window, which takes its software adapter for WebGPU and asks nobody for updates.
const BROWSER: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The page takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (wasm, folder, browser) = match &arguments[..] {
        [wasm, folder] => (wasm, folder, "chromium"),
        [wasm, folder, browser] => (wasm, folder, browser.as_str()),
        _ => return Err("browse PAGE.wasm FOLDER [BROWSER]".into()),
    };
    let folder = Path::new(folder);
    let profile = folder.join("profile");
    // A browser starts anew: what is not there need not be removed.
    let _ = fs::remove_dir_all(&profile);
    Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .out_name("page")
        .generate(folder)?;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut child = Command::new(browser)
        .args(BROWSER)
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("http://{}/", listener.local_addr()?))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{browser}: {error}"))?;
    let report = serve(listener, folder.to_owned()).recv_timeout(PATIENCE);
    child.kill()?;
    child.wait()?;
    let report = report.map_err(|_| format!("{browser} said nothing in {PATIENCE:?}"))?;
    println!("{report}");
    Ok(if report.contains("failed:") { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Serves files, each connection on a thread of its own: browsers open some that they never use, and
/// give up others.
fn serve(listener: TcpListener, folder: PathBuf) -> Receiver<String> {
    let (sender, reports) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (sender, folder) = (sender.clone(), folder.clone());
            thread::spawn(move || {
                if let Ok(Some(report)) = answer(stream, &folder) {
                    let _ = sender.send(report);
                }
            });
        }
    });
    reports
}

/// Answers a request: a file, or, to the report, that it was heard.
fn answer(mut stream: TcpStream, folder: &Path) -> Result<Option<String>, Box<dyn Error>> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let (status, kind, body, report) = match request.split(' ').nth(1) {
        Some("/") => ("200 OK", "text/html", include_bytes!("index.html").to_vec(), None),
        Some("/page.js") => ("200 OK", "text/javascript", fs::read(folder.join("page.js"))?, None),
        Some("/page_bg.wasm") => {
            ("200 OK", "application/wasm", fs::read(folder.join("page_bg.wasm"))?, None)
        }
        Some("/report") => {
            let mut report = vec![0; length];
            reader.read_exact(&mut report)?;
            ("200 OK", "text/plain", Vec::new(), Some(String::from_utf8(report)?))
        }
        _ => ("404 Not Found", "text/plain", Vec::new(), None),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)?;
    Ok(report)
}
