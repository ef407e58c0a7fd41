//! Fetching Java programs from Maven Central through the host's own Maven, configured as it is.

use crate::store::{Workshop, put_folder, verify_folder};
use crate::{AssetError, command};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Java program: a pom, what to do with it, and the sums of the files that it gives.
#[derive(Debug)]
pub(crate) struct Program {
    /// Name for people.
    pub(crate) name: &'static str,
    /// Folder in the cache.
    pub(crate) folder: &'static str,
    /// Variable that names a folder instead.
    pub(crate) var: &'static str,
    /// Download size in MB, for people.
    pub(crate) megabytes: u32,
    pom: &'static str,
    goal: &'static str,
    /// Sums as `sha256sum` writes them.
    pub(crate) sums: &'static str,
}

/// Not 4.3.0 to 4.4.0: they lose ends of transactions where a partition has no leader (KAFKA-20734).
pub(crate) static KAFKA: Program = Program {
    name: "Apache Kafka 4.2.2",
    folder: "kafka-4.2.2",
    var: "DOCMILL_KAFKA_JARS",
    megabytes: 54,
    pom: include_str!("../poms/kafka.xml"),
    goal: "dependency:copy-dependencies",
    sums: include_str!("../poms/kafka.sha256"),
};

pub(crate) static APICURIO: Program = Program {
    name: "Apicurio Registry 3.3.3",
    folder: "apicurio-3.3.3",
    var: "DOCMILL_APICURIO",
    megabytes: 159,
    pom: include_str!("../poms/apicurio.xml"),
    goal: "dependency:unpack",
    sums: include_str!("../poms/apicurio.sha256"),
};

impl Program {
    /// Whether it is in the cache, every file with its sum.
    pub(crate) fn cached(&self, cache: &Path) -> Result<Option<PathBuf>, AssetError> {
        let folder = cache.join(self.folder);
        if !folder.is_dir() {
            return Ok(None);
        }
        match verify_folder(self.name, &folder, self.sums) {
            Ok(()) => Ok(Some(folder)),
            Err(e @ (AssetError::WrongSum { .. } | AssetError::Incomplete { .. })) => {
                tracing::warn!(error = %e, "cached files are not as they were fetched: fetching again");
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    /// Fetches, verifies and moves into the cache.
    pub(crate) fn fetch(&self, workshop: &Workshop, cache: &Path) -> Result<PathBuf, AssetError> {
        if !command::answers(Command::new("mvn").arg("--version")) {
            return Err(AssetError::NoMaven { what: self.name, var: self.var });
        }
        let pom = workshop.path().join("pom.xml");
        fs::write(&pom, self.pom).map_err(|e| AssetError::io("write", &pom, e))?;
        let out = workshop.path().join("out");
        let mut mvn = Command::new("mvn");
        mvn.args(["-q", "-B", "-f"]).arg(&pom).arg(self.goal).arg("-DincludeScope=runtime");
        mvn.arg(format!("-DoutputDirectory={}", out.display())).current_dir(workshop.path());
        command::fetch(&mut mvn, "Maven", self.name, &workshop.path().join("mvn.log"))?;
        let made = out;
        self.drop_unlisted(&made)?;
        verify_folder(self.name, &made, self.sums)?;
        let folder = cache.join(self.folder);
        put_folder(&made, &folder)?;
        Ok(folder)
    }

    /// Everything in the folder ends on a class path, so nothing unverified stays at its top.
    fn drop_unlisted(&self, folder: &Path) -> Result<(), AssetError> {
        let failed = |e| AssetError::io("read", folder, e);
        let sums = crate::store::parse_sums(self.sums);
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if entry.file_type().map_err(failed)?.is_file() && !sums.contains_key(&*name.to_string_lossy()) {
                fs::remove_file(entry.path()).map_err(|e| AssetError::io("remove", entry.path(), e))?;
            }
        }
        Ok(())
    }
}
