//! Desired state from SQL: files and folders loaded into a scratch database, and what becomes of that database.

use crate::cli::{json, lockstep};
use crate::postgres_scratch::Scratch;
use lockstep::engine::{SessionRole, Value};
use serde_json::Value as Json;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder with files in it, by their paths.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn url(scratch: &Scratch) -> String {
    scratch.target().url.expose().to_owned()
}

/// What differs between the database and the files, with what was said on the way.
fn difference(scratch: &Scratch, files: &str, folder: &Path) -> (Json, String) {
    let output = lockstep(&["diff", &url(scratch), files, "-f", "json"], folder);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}\n{told}", String::from_utf8_lossy(&output.stdout));
    (serde_json::from_slice(&output.stdout).unwrap(), told)
}

#[track_caller]
fn same(scratch: &Scratch, files: &str, folder: &Path) -> String {
    let (found, told) = difference(scratch, files, folder);
    assert_eq!(found["equal"], true, "{found:#}\n{told}");
    told
}

/// The error that the files get, which always says what to do.
#[track_caller]
fn refused(scratch: &Scratch, files: &str, folder: &Path) -> Json {
    let document = json(&["diff", &url(scratch), files, "-f", "json"], folder, 2);
    assert!(document["error"]["hint"].as_str().is_some_and(|h| !h.is_empty()), "{document:#}");
    document["error"].clone()
}

const ORDERED: &str = "
    create schema shop; create type shop.mood as enum ('sad', 'happy');
    create function shop.twice(a int) returns int language sql as 'select a * 2';
    create table shop.customers (id int primary key, feeling shop.mood, n int default shop.twice(4));
    create table shop.orders (id int primary key, customer int references shop.customers);
    create view shop.latest as select o.id, c.feeling from shop.orders o join shop.customers c on c.id = o.customer;
    create view shop.few as select * from shop.latest limit 10;
    create function shop.count() returns bigint language sql as 'select count(*) from shop.few';
    comment on view shop.few is 'a few'; grant select on shop.few to public;";

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_folder_may_stand_in_any_order() {
    let scratch = Scratch::new(ORDERED).await;
    let folder = folder(&[
        (
            "wanted/10/few.sql",
            "comment on view shop.few is 'a few'; create view shop.few as select * from shop.latest limit 10; grant select on shop.few to public;",
        ),
        (
            "wanted/10/latest.sql",
            "create view shop.latest as select o.id, c.feeling from shop.orders o join shop.customers c on c.id = o.customer;",
        ),
        (
            "wanted/20/count.sql",
            "create function shop.count() returns bigint language sql as 'select count(*) from shop.few';",
        ),
        (
            "wanted/20/orders.sql",
            "create table shop.orders (id int primary key, customer int references shop.customers);",
        ),
        (
            "wanted/a.sql",
            "begin; set local search_path = shop; create table customers (id int primary key, feeling mood, n int default twice(4)); commit;",
        ),
        (
            "wanted/b.sql",
            "set search_path = shop; create function twice(a int) returns int language sql as 'select a * 2';",
        ),
        ("wanted/c.sql", "create type shop.mood as enum ('sad', 'happy');"),
        ("wanted/z.sql", "create schema shop;"),
        ("wanted/z.down.sql", "drop schema shop;"),
    ]);
    same(&scratch, "wanted", folder.path());
    scratch.remove().await;
}

/// Functions that call each other, and a function that a table's default calls and that reads the table.
#[tokio::test(flavor = "multi_thread")]
async fn routines_may_name_each_other_and_are_checked_in_the_end() {
    let bodies = "create function a() returns int language sql as 'select b() + count(*)::int from t'; \
                  create function b() returns int language sql as 'select 1'; create table t (n int default a());";
    let scratch = Scratch::new(&format!("set check_function_bodies = off; {bodies}")).await;
    let folder = folder(&[
        ("good.sql", bodies),
        ("bad.sql", &format!("{bodies}\ncreate function c() returns int language sql as 'select missing()';")),
    ]);
    same(&scratch, "good.sql", folder.path());
    let error = refused(&scratch, "bad.sql", folder.path());
    assert_eq!(error["location"]["line"], 2, "{error:#}");
    assert!(error["message"].as_str().unwrap().contains("missing()"), "{error:#}");
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_loaded_is_named_with_its_place_and_its_cause() {
    let scratch = Scratch::new("").await;
    let folder = folder(&[
        ("circle/a.sql", "create view a as select * from b;\n"),
        ("circle/b.sql", "\n  create view b as select * from a;\n"),
        ("broken/a.sql", "create view v as select * from t;\n"),
        ("broken/b.sql", "create table u (a int);\ncreate table t (a int, b mising);\n"),
        ("syntax.sql", "create table t (a int);\ncreate table u (a int,);\n"),
        ("twice/a.sql", "create table t (a int);\n"),
        ("twice/b.sql", "create table other (a int);\ncreate table t (b int);\n"),
        ("extension.sql", "create extension no_such_extension;"),
        ("role.sql", "create table t (a int); grant select on t to no_such_role;"),
        ("made.sql", "create role no_such_role;"),
        ("sly.sql", "do $$ begin create role lockstep_no_such_role; end $$;"),
        ("owned.sql", "drop owned by current_user;"),
    ]);
    let cases = [
        (
            "circle",
            "circle/a.sql",
            1,
            "these wait for each other: circle/a.sql:1 CREATE VIEW a, circle/b.sql:2 CREATE VIEW b",
        ),
        ("broken", "broken/b.sql", 2, "type \"mising\" does not exist"),
        ("syntax.sql", "syntax.sql", 2, "syntax error"),
        ("twice", "twice/b.sql", 2, "twice/a.sql:1 makes it too"),
        ("extension.sql", "extension.sql", 1, "no_such_extension"),
        ("role.sql", "role.sql", 1, "role \"no_such_role\" does not exist"),
        ("made.sql", "made.sql", 1, "there is no role no_such_role"),
        ("sly.sql", "sly.sql", 1, "would change roles"),
        ("owned.sql", "owned.sql", 1, "beyond the database"),
    ];
    for (files, file, line, words) in cases {
        let error = refused(&scratch, files, folder.path());
        let place = &error["location"];
        assert_eq!((place["file"].as_str(), place["line"].as_u64()), (Some(file), Some(line)), "{files}: {error:#}");
        assert!(error["message"].as_str().unwrap().contains(words), "{files}: {error:#}");
        assert!(place["column"].as_u64().is_some_and(|column| column > 0), "{files}: {error:#}");
    }
    let extension = refused(&scratch, "extension.sql", folder.path());
    assert!(extension["hint"].as_str().unwrap().contains("--shadow"), "{extension:#}");
    let session = scratch.connect().await;
    let mut session = session.session(SessionRole::Reader).await.unwrap();
    let roles = session.query("select 1 from pg_roles where rolname = 'lockstep_no_such_role'", &[]).await.unwrap();
    assert!(roles.is_empty(), "the role was made on the server");
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_is_loaded_as_psql_would() {
    let role = format!("lockstep_role_{:08x}", fastrand::u32(..));
    let scratch = Scratch::new(&format!(
        "create role {role}; create schema app; create table app.t (id int primary key, n text); \
         alter table app.t owner to {role}; grant select on app.t to public; \
         create view app.v as select id from app.t; alter table app.t cluster on t_pkey; \
         alter default privileges in schema app grant select on tables to {role};"
    ))
    .await;
    let dump = format!(
        "--\n-- a dump\n--\n\\restrict x\nSET transaction_timeout = 0;\nSET no_such.setting = 1;\n\
         SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\n\
         \\connect shop\nCREATE ROLE {role};\nCREATE SCHEMA public;\nCREATE SCHEMA app;\n\
         CREATE TABLE app.t (id integer NOT NULL, n text);\nALTER TABLE app.t OWNER TO {role};\n\
         CREATE VIEW app.v AS SELECT id FROM app.t;\nCOPY app.t (id, n) FROM stdin;\n1\tcreate table x (a int);\n\\.\n\n\
         ALTER TABLE ONLY app.t ADD CONSTRAINT t_pkey PRIMARY KEY (id);\nALTER TABLE app.t CLUSTER ON t_pkey;\n\
         GRANT SELECT ON TABLE app.t TO PUBLIC;\n\
         ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO {role};\n\
         COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';\n\
         BEGIN; CREATE TABLE never (a int); ROLLBACK;\n\
         DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF; END $$;\n\
         GRANT pg_monitor TO {role};\nCREATE INDEX CONCURRENTLY i ON app.t (n);\nDROP INDEX app.i;\n\\unrestrict x\n"
    );
    let folder = folder(&[("dump.sql", &dump)]);
    let told = same(&scratch, "dump.sql", folder.path());
    for words in ["\\restrict, \\connect, COPY", "the role", "memberships of roles", "rolls back"] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    let member = format!("select pg_has_role('{role}', 'pg_monitor', 'member')");
    assert_eq!(session.query(&member, &[]).await.unwrap(), [[Value::Bool(false)]]);
    session.execute(&format!("drop owned by {role} cascade")).await.unwrap();
    session.execute(&format!("drop role {role}")).await.unwrap();
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_sqlite_may_stand_in_any_order_too() {
    let file =
        crate::sqlite_file::SqliteFile::new("create table t (a integer primary key); create index i on t (a);").await;
    let folder = folder(&[
        ("wanted/a.sql", "create index i on t (a);"),
        ("wanted/z.sql", "create table t (a integer primary key);"),
        ("twice/a.sql", "create table t (a);"),
        ("twice/b.sql", "create table t (b);"),
    ]);
    let found = json(&["diff", &file.url(), "wanted", "-f", "json"], folder.path(), 0);
    assert_eq!(found["equal"], true, "{found:#}");
    let twice = json(&["diff", &file.url(), "twice", "-f", "json"], folder.path(), 2);
    assert!(twice["error"]["message"].as_str().unwrap().contains("twice/a.sql:1 makes it too"), "{twice:#}");
}

/// A command that loads a file which takes long; the scratch database that it made.
#[allow(clippy::zombie_processes, reason = "whoever asked for it waits for it")]
async fn loading(scratch: &Scratch, folder: &Path, url: &str) -> (Child, String) {
    let marker = format!("marker_{:016x}", fastrand::u64(..));
    std::fs::write(folder.join("slow.sql"), format!("create table t (a int); select pg_sleep(60) as {marker};"))
        .unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(["diff", url, "slow.sql"])
        .current_dir(folder)
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Reader).await.unwrap();
    let sql = format!(
        "select datname::text from pg_stat_activity where query like '%{marker}%' and datname like 'lockstep_scratch_%'"
    );
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let [row] = &session.query(&sql, &[]).await.unwrap()[..] {
            let [Value::Text(name)] = &row[..] else { panic!("{row:?}") };
            return (child, name.clone());
        }
        assert!(Instant::now() < until, "no scratch database was made");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn is_there(scratch: &Scratch, name: &str) -> bool {
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Reader).await.unwrap();
    let sql = format!("select 1 from pg_database where datname = '{name}'");
    !session.query(&sql, &[]).await.unwrap().is_empty()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_command_removes_its_scratch_database() {
    let (scratch, folder) = (Scratch::new("").await, folder(&[]));
    for name in ["-INT", "-TERM"] {
        let (mut child, database) = loading(&scratch, folder.path(), &url(&scratch)).await;
        signal(&child, name);
        assert!(!child.wait().unwrap().success());
        assert!(!is_there(&scratch, &database).await, "{name} leaves {database}");
    }
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_command_leaves_is_swept_by_the_next() {
    let (scratch, folder) = (Scratch::new("").await, folder(&[("next.sql", "create table t (a int);")]));
    let (mut child, database) = loading(&scratch, folder.path(), &url(&scratch)).await;
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert!(is_there(&scratch, &database).await, "nobody could remove it");
    // The server notices at its own time that the client is gone.
    let sleeping = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'");
    let connection = scratch.connect().await;
    connection.session(SessionRole::Executor).await.unwrap().execute(&sleeping).await.unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while is_there(&scratch, &database).await {
        assert!(Instant::now() < until, "{database} is not swept");
        difference(&scratch, "next.sql", folder.path());
    }
    scratch.remove().await;
}

/// A role that may make no database; its URL and its name.
async fn modest(scratch: &Scratch) -> (String, String) {
    let role = format!("lockstep_modest_{:08x}", fastrand::u32(..));
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    session.execute(&format!("create role {role} login password 'secret'")).await.unwrap();
    let mut url = url::Url::parse(&url(scratch)).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("secret")).unwrap();
    (url.to_string(), role)
}

async fn forget(scratch: Scratch, role: &str) {
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    session.execute(&format!("drop owned by {role}; drop role {role}")).await.unwrap();
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_make_no_database_gets_a_server_of_its_own() {
    let scratch = Scratch::new("create table t (a int default 1); comment on table t is 'x';").await;
    let (url, role) = modest(&scratch).await;
    let database = scratch.connect().await;
    let theirs = format!("create table mine (a int); alter table mine owner to {role};");
    database.session(SessionRole::Executor).await.unwrap().execute(&theirs).await.unwrap();
    let wanted = "create table t (a int default 1); comment on table t is 'x'; create table mine (a int);";
    let folder = folder(&[("wanted.sql", wanted)]);
    let output = lockstep(&["diff", &url, "wanted.sql", "-f", "json"], folder.path());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let found: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["equal"], true, "{found:#}");
    // Without binaries of the same version on this machine the parsed form is all there is, and it is said.
    assert!(told.contains("private server") || told.contains("approximate"), "{told}");
    forget(scratch, &role).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_server_goes_when_its_owner_is_killed() {
    let (scratch, folder) = (Scratch::new("").await, folder(&[]));
    let (url, role) = modest(&scratch).await;
    std::fs::write(folder.path().join("slow.sql"), "select pg_sleep(60);").unwrap();
    let temporary = tempfile::tempdir().unwrap();
    // The server runs under another user when the test runs as root, and has to reach its folder.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(temporary.path(), open).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(["diff", &url, "slow.sql"])
        .current_dir(folder.path())
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let private = || std::fs::read_dir(temporary.path()).unwrap().flatten().next().map(|entry| entry.path());
    let is_up = |path: &Path| {
        let text = std::fs::read_to_string(path.join("data/postmaster.pid")).unwrap_or_default();
        text.lines().last().is_some_and(|line| line.trim() == "ready")
    };
    let until = Instant::now() + Duration::from_secs(40);
    while child.try_wait().unwrap().is_none() && !private().is_some_and(|path| is_up(&path)) {
        assert!(Instant::now() < until, "no private server came up");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    // A machine without binaries of the same version has nothing to kill.
    if child.try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(300)).await;
        signal(&child, "-KILL");
        child.wait().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while let Some(path) = private() {
            assert!(Instant::now() < until, "{} is still there", path.display());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    forget(scratch, &role).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_of_columns_is_told_and_is_no_difference() {
    let scratch = Scratch::new("create table t (a int, b text);").await;
    let folder = folder(&[("t.sql", "create table t (b text, a int);")]);
    let (found, _) = difference(&scratch, "t.sql", folder.path());
    assert_eq!(found["equal"], true, "{found:#}");
    let expected = serde_json::json!([{ "table": "public.t", "before": ["a", "b"], "after": ["b", "a"] }]);
    assert_eq!(found["column_order"], expected);
    let told = lockstep(&["diff", &url(&scratch), "t.sql"], folder.path());
    assert!(String::from_utf8_lossy(&told.stderr).contains("columns in another order"), "{told:?}");
    scratch.remove().await;
}

/// Everything that some catalog hides from somebody, and a table that nobody else may read.
const HIDDEN: &str = "create schema s; revoke all on schema s from public; \
    create table s.t (a int primary key, b text default 'x', check (a > 0)); create index on s.t (lower(b)) where a > 4; \
    create statistics s.st (dependencies) on a, b from s.t; analyze s.t; create view s.v as select * from s.t; \
    create function s.f() returns int language sql as 'select 1'; \
    alter table s.t enable row level security; create policy p on s.t using (b = current_user); \
    create foreign data wrapper w; create server srv foreign data wrapper w options (host 'h', password 'hush1'); \
    create user mapping for public server srv options (user 'u', password 'hush2'); \
    create foreign table s.ft (a int) server srv; create publication pub for table s.t;";

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_any_right_reads_the_same_schema() {
    let scratch = Scratch::new(HIDDEN).await;
    let (modest_url, role) = modest(&scratch).await;
    let folder = folder(&[]);
    let seen = |url: &str| json(&["inspect", url, "-f", "json"], folder.path(), 0);
    let (all, modest) = (seen(&url(&scratch)), seen(&modest_url));
    for part in ["namespaces", "tables", "views", "routines", "types", "sequences"] {
        assert_eq!(all[part], modest[part], "{part}");
    }
    assert!(!all.to_string().contains("hush2") && !modest.to_string().contains("hush"), "{all:#}\n{modest:#}");
    forget(scratch, &role).await;
}
