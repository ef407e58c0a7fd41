//! A real server in a process of its own: llama.cpp with the smallest model that it runs.

use docmill_assets::{Asset, AssetError, Assets};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Serves until its standard input ends, that is until the test does, however it ends.
const PROGRAM: &str = r"
import importlib.util, sys
spec = importlib.util.spec_from_file_location('xllamacpp', sys.argv[1])
x = importlib.util.module_from_spec(spec)
spec.loader.exec_module(x)
p = x.CommonParams()
p.model.path = sys.argv[2]
p.hostnames = ['127.0.0.1']
p.port = 0
p.n_ctx = 2048
p.n_parallel = 2
p.cpuparams.n_threads = 1
p.warmup = False
s = x.Server(p)
print('listening', s.listening_address, flush=True)
sys.stdin.read()
";

/// llama.cpp's server with SmolLM2 135M: chat, JSON schemas, errors as they really are. It takes no images (status 500) and
/// its answers are worth nothing: for the protocol only.
#[derive(Debug)]
pub struct RealServer {
    address: SocketAddr,
    child: Child,
    _alive: ChildStdin,
}

impl RealServer {
    /// Starts it, fetching it first where it is not there. Blocks for seconds. None, said loudly, where it cannot be had
    /// and `DOCMILL_REQUIRE_ASSETS` is not 1.
    pub fn start(assets: &Assets) -> Option<Self> {
        match Self::try_start(assets) {
            Ok(server) => Some(server),
            Err(why) => {
                let required = std::env::var("DOCMILL_REQUIRE_ASSETS").is_ok_and(|v| v == "1");
                assert!(!required, "the real server is required: {why}");
                eprintln!("SKIPPED: no real OpenAI-compatible server: {why}");
                None
            }
        }
    }

    fn try_start(assets: &Assets) -> Result<Self, String> {
        let told = |e: AssetError| e.to_string();
        let module = assets.ensure(Asset::LlamaServer).map_err(told)?;
        let model = assets.ensure(Asset::SmolLm2).map_err(told)?;
        let python = std::env::var("DOCMILL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut child = Command::new(&python)
            .args(["-c", PROGRAM])
            .args([module, model])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{python}: {e}"))?;
        let alive = child.stdin.take().expect("it is piped");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        // Ends when the process does.
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening http://").and_then(|a| a.trim().parse().ok()));
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        match address {
            Some(address) => Ok(Self { address, child, _alive: alive }),
            None => Err(format!("{python} (3.10 or later) did not start it: {:?}", child.wait())),
        }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Base of the API, as it stands in a provider's configuration.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
