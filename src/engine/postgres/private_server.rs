//! A private, throw-away server, started from the binaries on this machine.
//!
//! It listens on the loopback address only, with a password made for it, and never runs as root. A small shell stands
//! between us and the server: it ends the server when the pipe to it closes, so that even a kill of this process
//! leaves nothing running.

use crate::engine::{Private, PrivateFolder, Target};
use crate::{Error, ErrorCode, Result};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// Runs the server (`$0` and its arguments) until standard input ends, then removes the folder that it is called in.
const KEEPER: &str =
    r#"folder=$PWD; "$0" "$@" & server=$!; read -r _; kill -INT $server; wait $server; cd / && rm -rf -- "$folder""#;

struct Server {
    /// Dropping its standard input ends the server.
    keeper: Child,
    folder: PrivateFolder,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // A fast shutdown takes some tens of milliseconds; the folder must not go before.
        let lock = self.folder.path().join("data/postmaster.pid");
        let pause = std::sync::Condvar::new();
        let held = std::sync::Mutex::new(());
        for _ in 0..100 {
            if !lock.exists() {
                break;
            }
            if let Ok(guard) = held.lock() {
                let _ = pause.wait_timeout(guard, Duration::from_millis(20));
            }
        }
    }
}

/// Starts a server of our own with an empty database: of the major version asked for, or the newest there is.
///
/// # Errors
/// `NotFound` when this machine has no such server.
pub(super) async fn start(major: Option<u32>) -> Result<Private> {
    let bin = binaries(major).ok_or_else(not_installed)?;
    let folder = PrivateFolder::make()?;
    let owner = unprivileged_owner()?;
    prepare(folder.path(), owner).map_err(|why| {
        Error::new(ErrorCode::File, format!("the folder {} cannot be prepared: {why}", folder.path().display()))
    })?;
    let password = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    make_cluster(&bin, folder.path(), owner, &password).await?;
    let port = free_port()?;
    let keeper = launch(&bin, folder.path(), owner, port)?;
    let server = Server { keeper, folder };
    let target = Target::parse(&format!("postgres://lockstep:{password}@127.0.0.1:{port}/postgres"))?;
    wait_until_up(&server, port).await?;
    Ok(Private::new(target, server))
}

/// The folder that has `initdb` and `postgres`: on PATH, where `pg_config` says, or where distributions put it.
fn binaries(major: Option<u32>) -> Option<PathBuf> {
    let has_both = |folder: &PathBuf| {
        folder.join("initdb").is_file()
            && folder.join("postgres").is_file()
            && major.is_none_or(|wanted| version_of(folder) == Some(wanted))
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Links on PATH (as /usr/local/bin/initdb) are followed, since the server looks for its files beside itself.
    let on_path = std::env::split_paths(&path)
        .map(|folder| folder.join("initdb"))
        .filter_map(|initdb| std::fs::canonicalize(initdb).ok()?.parent().map(Path::to_path_buf));
    let configured = std::process::Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured.and_then(|out| String::from_utf8(out.stdout).ok()).map(|dir| PathBuf::from(dir.trim()));
    on_path.chain(configured).chain(usual_folders()).find(has_both)
}

/// The major version that the server in a folder says it is (`postgres (PostgreSQL) 15.4`).
fn version_of(bin: &Path) -> Option<u32> {
    let output = std::process::Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    major_of(&String::from_utf8_lossy(&output.stdout))
}

fn major_of(told: &str) -> Option<u32> {
    let version = told.split(')').nth(1)?.trim_start();
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// `/usr/lib/postgresql/15/bin` and the like, newest version first.
fn usual_folders() -> Vec<PathBuf> {
    let parents = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt", "/usr/local/pgsql"];
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for parent in parents {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path());
        for folder in entries.chain([PathBuf::from(parent)]) {
            let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let version = name.trim_start_matches("postgresql@").parse().unwrap_or(0);
            found.push((version, folder.join("bin")));
        }
    }
    let siblings = (13..=18).map(|version| (version, PathBuf::from(format!("/usr/pgsql-{version}/bin"))));
    found.extend(siblings);
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn not_installed() -> Error {
    Error::new(ErrorCode::NotFound, "no PostgreSQL server was found on this machine (initdb and postgres)").hint(
        "Install one: apt install postgresql (Debian, Ubuntu), dnf install postgresql-server (Fedora), \
         brew install postgresql (macOS). Or run lockstep demo without --engine postgres.",
    )
}

/// As root, the account that the server runs under: user and group id.
fn unprivileged_owner() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let id_of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    id_of("postgres").or_else(|| id_of("nobody")).map(Some).ok_or_else(|| {
        Error::new(ErrorCode::Permission, "PostgreSQL does not run as root, and there is no user postgres or nobody")
            .hint("Run lockstep as an ordinary user.")
    })
}

fn prepare(folder: &Path, owner: Option<(u32, u32)>) -> std::io::Result<()> {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    if let Some((user, group)) = owner {
        chown(folder, Some(user), Some(group))?;
    }
    Ok(())
}

fn command(program: &Path, folder: &Path, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C").env("HOME", folder).stdin(Stdio::null());
    for name in ["PGHOST", "PGPORT", "PGDATA", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGOPTIONS", "PGSERVICE"] {
        command.env_remove(name);
    }
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

async fn make_cluster(bin: &Path, folder: &Path, owner: Option<(u32, u32)>, password: &str) -> Result<()> {
    let failed = |why: String| Error::new(ErrorCode::Connection, format!("initdb failed: {why}"));
    let secret = folder.join("secret");
    let write = || -> std::io::Result<()> {
        std::fs::write(&secret, password)?;
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600))?;
        if let Some((user, group)) = owner {
            chown(&secret, Some(user), Some(group))?;
        }
        Ok(())
    };
    write().map_err(|why| failed(why.to_string()))?;
    let mut initdb = command(&bin.join("initdb"), folder, owner);
    initdb.args(["-D", "data", "-U", "lockstep", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]);
    initdb.arg(format!("--pwfile={}", secret.display()));
    let output = initdb.output().await.map_err(|why| failed(why.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

fn free_port() -> Result<u16> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    bound
        .map(|address| address.port())
        .map_err(|why| Error::new(ErrorCode::Connection, format!("no free port on the loopback address: {why}")))
}

fn launch(bin: &Path, folder: &Path, owner: Option<(u32, u32)>, port: u16) -> Result<Child> {
    let failed = |why: std::io::Error| Error::new(ErrorCode::Connection, format!("the server did not start: {why}"));
    let log = std::fs::File::create(folder.join("log")).map_err(failed)?;
    let mut keeper = command(Path::new("/bin/sh"), folder, owner);
    keeper.arg("-c").arg(KEEPER).arg(bin.join("postgres")).arg("-D").arg(folder.join("data"));
    keeper.args(["-p", &port.to_string(), "-k", ""]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "shared_buffers=64MB",
        "max_wal_size=2GB",
        "autovacuum_naptime=15s",
        "logging_collector=off",
    ] {
        keeper.args(["-c", setting]);
    }
    // A group of its own, so that Ctrl-C on the terminal is ours alone.
    keeper.process_group(0);
    keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn().map_err(failed)
}

async fn wait_until_up(server: &Server, port: u16) -> Result<()> {
    for _ in 0..300 {
        let ready = std::fs::read_to_string(server.folder.path().join("data/postmaster.pid")).unwrap_or_default();
        // The file's last line says "ready" as soon as connections are taken.
        if ready.lines().last().is_some_and(|line| line.trim() == "ready") {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
    let last = log.lines().rev().take(3).collect::<Vec<_>>().join(" | ");
    Err(Error::new(ErrorCode::Connection, format!("the private server on port {port} did not come up: {last}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_its_version_in_several_ways() {
        for (told, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("no such thing", None),
        ] {
            assert_eq!(major_of(told), major, "{told}");
        }
    }
}
