//! Whether a server keeps what it is told, and what to do about errors that would come again.

use redis::{Connection, ErrorKind, InfoDict, RedisError, RedisResult};

/// The oldest version that has what fleets need.
const OLDEST: u64 = 7;

/// Asks the server what it is. Says in words what may cost calls or results. A server that is too old is an error. One
/// that this user may not ask passes.
pub(super) fn warnings(connection: &mut Connection) -> RedisResult<Vec<String>> {
    let server: InfoDict = match redis::cmd("INFO").query(connection) {
        Err(error) if error.code() == Some("NOPERM") => return Ok(Vec::new()),
        asked => asked?,
    };
    let version: String = server.get("redis_version").unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse::<u64>().ok());
    if major.is_some_and(|major| major < OLDEST) {
        let why = format!("it is version {version}, and fleets need {OLDEST}.0 or newer");
        return Err((ErrorKind::InvalidClientConfig, TOO_OLD, why).into());
    }
    let mut warnings = Vec::new();
    if server.get::<String>("aof_enabled").as_deref() == Some("0") {
        warnings.push(
            "the server keeps no log, so it forgets calls, results and dead letters when it ends: set \
             `appendonly yes`"
                .into(),
        );
    }
    let policy: String = server.get("maxmemory_policy").unwrap_or_default();
    let limited = server.get::<String>("maxmemory").is_some_and(|bytes| bytes != "0");
    if limited && policy != "noeviction" {
        warnings.push(format!(
            "the server deletes calls and results when it is full, by `maxmemory-policy {policy}`: set \
             `maxmemory-policy noeviction`"
        ));
    }
    Ok(warnings)
}

const TOO_OLD: &str = "the server is too old";

/// The code of an error, or of the first one of a pipeline.
pub(super) fn code(error: &RedisError) -> Option<String> {
    let of_many =
        || error.clone().into_server_errors()?.first().map(|(_, error)| error.code().into());
    error.code().map(str::to_owned).or_else(of_many)
}

/// Why the same command would fail again, and what to do. After `None` the caller repeats the command. The client's own
/// list of errors that are worth a retry is too short: it leaves out a server that loads its data, is full, or has lost
/// a group.
pub(super) fn refusal(error: &RedisError) -> Option<String> {
    let code = code(error);
    let what_to_do = match (error.kind(), code.as_deref()) {
        (_, Some("NOAUTH")) => {
            "it wants a user: give one in the URL, as in `redis://user:password@host/`"
        }
        (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS")) => {
            "it does not know the user and the password of the URL"
        }
        (_, Some("NOPERM")) => {
            "the user of the URL may not do this; what callers and workers need stands at `Fleet::redis`"
        }
        (_, Some("WRONGTYPE")) => {
            "another program uses a key of the fleet; take another database, as in `redis://host/3`"
        }
        // An error about a certificate has no kind of its own.
        (ErrorKind::Io, _) if error.to_string().contains("certificate") => {
            "its certificate is not that of a server which this system trusts; `SSL_CERT_FILE` names others"
        }
        (ErrorKind::Parse, _) => "what answers there is no Redis server",
        (ErrorKind::InvalidClientConfig, _) => "see to the URL, or to the server",
        _ => return None,
    };
    Some(format!("{what_to_do} ({error})"))
}
