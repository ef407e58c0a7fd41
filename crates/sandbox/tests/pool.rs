//! The pool against children that die, hang, lie and leak. This program is its own child, so it has no test harness.
#![allow(clippy::print_stdout, clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // children that abort are what is tested

use bytes::Bytes;
use docmill_contracts::{Class, Classify};
use docmill_sandbox::{
    Confinement, Handler, Outcome, Pool, PoolConfig, Replies, SandboxError, Supply, child_main, self_test,
    self_test_child,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::ffi::OsString;
use std::fs::File;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

/// Long enough for anything that ends.
const ENOUGH: Duration = Duration::from_secs(30);
/// Short enough for what never ends.
const SHORT: Duration = Duration::from_millis(300);

/// Does what the request says.
#[derive(Default)]
struct Rogue {
    poisoned: bool,
}

impl Handler for Rogue {
    fn handle(&mut self, request: &[u8], replies: &mut Replies<'_>) -> std::io::Result<()> {
        if self.poisoned {
            std::process::abort();
        }
        let pid = std::process::id().to_string();
        match request {
            b"echo" => replies.send(&[b"ec", b"ho"]).and_then(|()| replies.send(&[b"!"])),
            b"print" => {
                println!("not for the parent");
                replies.send(&[b"printed"])
            }
            b"pid" => replies.send(&[pid.as_bytes()]),
            b"die" => std::process::abort(),
            b"panic" => panic!("on request"),
            b"die half way" => replies.send(&[b"half"]).map(|()| std::process::abort()),
            b"poison" => {
                self.poisoned = true;
                Ok(())
            }
            b"hang" => loop {
                std::thread::park();
            },
            b"pid, then hang" => {
                replies.send(&[pid.as_bytes()])?;
                loop {
                    std::thread::park();
                }
            }
            b"too large" => replies.send(&[&vec![0; 2 << 20]]),
            b"leak" => {
                let mut all: Vec<Vec<u8>> = Vec::new();
                loop {
                    all.push(vec![1; 64 << 20]);
                }
            }
            b"fetch" => {
                let (mut start, mut end) = ([0; 5], [0; 7]);
                replies.fetch(0, &mut start)?;
                replies.send(&[&start])?;
                replies.fetch(300_000 - 7, &mut end)?;
                replies.send(&[&end])
            }
            b"fetch too much" => replies.fetch(300_000 - 7, &mut [0; 8]),
            b"environment" => replies.send(&[std::env::vars_os().count().to_string().as_bytes()]),
            other => replies.send(&[other]),
        }
    }
}

fn config() -> PoolConfig {
    let mut config = PoolConfig::new(std::env::current_exe().unwrap(), "rogue", Bytes::new());
    config.limits.frame_bytes = 1 << 20;
    config.limits.memory_bytes = 512 << 20;
    config
}

async fn ask(pool: &Pool, request: &'static [u8]) -> Result<Vec<Bytes>, SandboxError> {
    pool.call_all(vec![Bytes::from_static(request)], ENOUGH).await
}

async fn works(pool: &Pool) {
    assert_eq!(ask(pool, b"echo").await.unwrap(), ["echo", "!"], "the next call must work");
}

async fn pid(pool: &Pool) -> String {
    String::from_utf8(ask(pool, b"pid").await.unwrap().concat()).unwrap()
}

async fn replies_come_in_parts_and_printing_does_not_break_them() {
    let pool = Pool::new(config());
    works(&pool).await;
    assert_eq!(ask(&pool, b"print").await.unwrap(), ["printed"]);
    works(&pool).await;
}

async fn a_death_costs_one_call() {
    let pool = Pool::new(config());
    for request in [b"die".as_slice(), b"panic", b"die half way", b"too large", b"leak"] {
        let error = ask(&pool, request).await.unwrap_err();
        assert!(matches!(error, SandboxError::Died { .. }), "{request:?}: {error}");
        assert_eq!((error.class(), error.code().0), (Class::Input, "SANDBOX-0003"));
        works(&pool).await;
    }
}

async fn a_child_is_given_the_parts_of_a_document_that_it_asks_for_and_no_others() {
    let path = std::env::temp_dir().join(format!("docmill-supply-{}", std::process::id()));
    let whole: Vec<u8> = (0..300_100_u32).map(|i| i as u8).collect();
    std::fs::write(&path, &whole).unwrap();
    let supply = Supply::new(Arc::new(File::open(&path).unwrap()), 300_000);
    std::fs::remove_file(&path).unwrap();
    let pool = Pool::new(config());
    let asked = |request: &'static [u8], supply| {
        let pool = pool.clone();
        async move {
            let mut call = pool.call_about(vec![Bytes::from_static(request)], supply, ENOUGH).await?;
            let mut parts = Vec::new();
            while let Some(part) = call.next().await? {
                parts.push(part);
            }
            Ok::<_, SandboxError>(parts)
        }
    };
    let parts = asked(b"fetch", Some(supply.clone())).await.unwrap();
    assert_eq!(parts, [&whole[..5], &whole[300_000 - 7..300_000]]);
    for (request, supply) in [(b"fetch too much".as_slice(), Some(supply)), (b"fetch", None)] {
        let error = asked(request, supply).await.unwrap_err();
        assert_eq!((error.class(), error.code().0), (Class::Input, "SANDBOX-0005"), "{error}");
        works(&pool).await;
    }
}

async fn a_death_that_a_predecessor_caused_costs_nothing() {
    let pool = Pool::new(config());
    assert!(ask(&pool, b"poison").await.unwrap().is_empty());
    works(&pool).await;
}

async fn a_child_killed_in_the_middle_of_a_call_costs_that_call() {
    let pool = Pool::new(config());
    let mut call = pool.call(vec![Bytes::from_static(b"pid, then hang")], ENOUGH).await.unwrap();
    let pid = String::from_utf8(call.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    let error = call.next().await.unwrap_err();
    assert!(error.to_string().contains("signal: 9"), "{error}");
    drop(call);
    works(&pool).await;
}

async fn a_hang_is_ended_by_the_time_limit() {
    let pool = Pool::new(config());
    let error = pool.call_all(vec![Bytes::from_static(b"hang")], SHORT).await.unwrap_err();
    assert!(matches!(error, SandboxError::TimedOut { limit: SHORT }), "{error}");
    assert_eq!(error.code().0, "SANDBOX-0004");
    works(&pool).await;
}

async fn a_call_that_is_dropped_takes_its_child_with_it() {
    let pool = Pool::new(config());
    let mut call = pool.call(vec![Bytes::from_static(b"pid, then hang")], ENOUGH).await.unwrap();
    let first = call.next().await.unwrap().unwrap();
    drop(call);
    assert_ne!(pid(&pool).await.as_bytes(), first);
}

async fn children_are_kept_and_replaced_after_their_calls() {
    let pool = Pool::new(PoolConfig { max_calls: 2, ..config() });
    let pids = [pid(&pool).await, pid(&pool).await, pid(&pool).await];
    assert_eq!(pids[0], pids[1]);
    assert_ne!(pids[1], pids[2]);
    let hungry = Pool::new(PoolConfig { max_resident_bytes: 1, ..config() });
    assert_ne!(pid(&hungry).await, pid(&hungry).await);
}

async fn a_child_has_few_rights() {
    let pool = Pool::new(config());
    let pid = pid(&pool).await;
    let read = |what| std::fs::read_to_string(format!("/proc/{pid}/{what}")).unwrap();
    let (status, limits) = (read("status"), read("limits"));
    let line = |start: &str| {
        status.lines().chain(limits.lines()).find(|l| l.starts_with(start)).unwrap_or_default().to_owned()
    };
    assert!(line("NoNewPrivs").ends_with('1'));
    assert!(line("Seccomp:").ends_with('2'), "2 is a filter: {}", line("Seccomp:"));
    assert!(line("Max address space").contains("536870912"));
    assert!(line("Max core file size").contains(" 0 "));
    assert!(line("Max open files").contains(" 64 "));
    assert_eq!(ask(&pool, b"environment").await.unwrap(), ["0"]);
}

async fn whatever_a_child_tries_is_stopped() {
    // Open when the children start, and not marked to be closed.
    let descriptor = inheritable();
    let tried = self_test(std::env::current_exe().unwrap()).await.unwrap();
    drop(descriptor);
    assert!(tried.len() > 20);
    for t in &tried {
        assert_ne!(t.outcome, Outcome::Done, "{}", t.what);
    }
    let outcome = |what: &str| &tried.iter().find(|t| t.what == what).unwrap().outcome;
    let forbidden = Outcome::Refused("Operation not permitted (os error 1)".into());
    for what in ["open a file", "list a folder", "look at a file", "map memory that can be run"] {
        assert_eq!(*outcome(what), forbidden, "{what}");
    }
    for what in ["connect by TCP", "open a Unix socket", "fork", "start a thread", "become another program"] {
        let Outcome::Ended(how) = outcome(what) else { panic!("{what}: {:?}", outcome(what)) };
        assert!(how.contains("signal: 31"), "{what}: {how}");
    }
    assert_eq!(*outcome("use an inherited descriptor"), Outcome::Refused("no such descriptor".into()));
    assert!(matches!(outcome("allocate 10 GiB"), Outcome::Refused(why) if why.contains("memory")));
    let filled = outcome("fill all memory");
    assert!(matches!(filled, Outcome::Refused(why) if why.contains("memory")), "{filled:?}");
    assert_eq!(
        (outcome("loop for ever"), outcome("sleep for ever")),
        (&Outcome::TimedOut, &Outcome::TimedOut)
    );
}

/// A descriptor that programs started from here inherit.
#[allow(unsafe_code)]
fn inheritable() -> std::fs::File {
    use std::os::fd::FromRawFd;
    // SAFETY: the copy belongs to the file that is made of it.
    unsafe { std::fs::File::from_raw_fd(libc::dup(0)) }
}

/// The kernel of these processes knows neither of the two, or so they are told.
#[allow(clippy::unused_async)] // one of those that are awaited
async fn where_the_kernel_lacks_something_nothing_starts_unless_it_may() {
    for (call, missing) in [(libc::SYS_landlock_create_ruleset, "landlock"), (libc::SYS_seccomp, "seccomp")] {
        let program = std::env::current_exe().unwrap();
        let told = Command::new(program).args(["without", &call.to_string()]).output().unwrap();
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let refused = format!("this kernel has no {missing}, so that documents cannot be decoded safely");
        let [start, child, allowed] = told.lines().collect::<Vec<_>>()[..] else { panic!("{told}") };
        assert!(start.starts_with(&format!("SANDBOX-0008 {refused}")), "{told}");
        assert!(child.starts_with(&format!("SANDBOX-0008 {refused}")), "{told}");
        assert_eq!(allowed, "works");
    }
}

/// Says what happens where the kernel does not know system call `call`.
async fn without(call: i64) {
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let unknown = SeccompAction::Errno(u32::try_from(libc::ENOSYS).unwrap());
    let rules = [(call, Vec::new())].into_iter().collect();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, unknown, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
    let mut config = config();
    let error = config.limits.check_confinement().unwrap_err();
    println!("{} {error}", error.code().0);
    let error = Pool::new(config.clone()).warm().await.unwrap_err();
    println!("{} {error}", error.code().0);
    assert_eq!(error.class(), Class::Fatal);
    config.limits.confinement = Confinement::AllowUnconfined;
    config.limits.check_confinement().unwrap();
    works(&Pool::new(config)).await;
    println!("works");
}

async fn what_cannot_work_says_why() {
    let unfit = Pool::new(PoolConfig { init: Bytes::from_static(b"no library"), ..config() });
    let error = unfit.warm().await.unwrap_err();
    assert_eq!(error.to_string(), "sandboxed child `rogue` cannot work: no library");
    assert_eq!(error.class(), Class::Fatal);
    let missing = Pool::new(PoolConfig { program: "/no/such/program".into(), ..config() });
    assert!(matches!(missing.warm().await.unwrap_err(), SandboxError::Start { .. }));
    let other = Pool::new(PoolConfig { program: "/bin/true".into(), ..config() });
    assert!(matches!(other.warm().await.unwrap_err(), SandboxError::Init { .. }));
    let request = vec![Bytes::from(vec![0; 2 << 20])];
    let error = Pool::new(config()).call_all(request, ENOUGH).await.unwrap_err();
    assert!(matches!(error, SandboxError::TooLarge { .. }), "{error}");
}

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let init = |bytes: &[u8]| match bytes {
        [] => Ok(Rogue::default()),
        reason => Err(String::from_utf8_lossy(reason).into_owned()),
    };
    if let Some(code) = child_main(&args, "rogue", init) {
        return code;
    }
    if let Some(code) = self_test_child(&args) {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let [_, what, call] = args.as_slice()
        && what == "without"
    {
        runtime.block_on(without(call.to_str().unwrap().parse().unwrap()));
        return ExitCode::SUCCESS;
    }
    macro_rules! run {
        ($($test:ident)*) => {$(
            runtime.block_on($test());
            println!("test {} ... ok", stringify!($test));
        )*};
    }
    run! {
        replies_come_in_parts_and_printing_does_not_break_them
        a_death_costs_one_call
        a_child_is_given_the_parts_of_a_document_that_it_asks_for_and_no_others
        a_death_that_a_predecessor_caused_costs_nothing
        a_child_killed_in_the_middle_of_a_call_costs_that_call
        a_hang_is_ended_by_the_time_limit
        a_call_that_is_dropped_takes_its_child_with_it
        children_are_kept_and_replaced_after_their_calls
        a_child_has_few_rights
        whatever_a_child_tries_is_stopped
        where_the_kernel_lacks_something_nothing_starts_unless_it_may
        what_cannot_work_says_why
    }
    ExitCode::SUCCESS
}
