//! The scripts, each of which is one step for the server.

/// Records results. `KEYS`: the calls, the dead letters, and for each call where its result goes. `ARGV`: the group,
/// and for each call its entry, its number, its answer, how long it ran in microseconds, and `1` if it was given up.
pub(super) const COMPLETE: &str = r"
local n = 0
for k = 3, #KEYS do
  local a = 2 + (k - 3) * 5
  local id = ARGV[a]
  if redis.call('XACK', KEYS[1], ARGV[1], id) == 1 then
    if ARGV[a + 4] == '1' then
      local e = redis.call('XRANGE', KEYS[1], id, id)
      if e[1] then redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', unpack(e[1][2])) end
    end
    redis.call('XDEL', KEYS[1], id)
    redis.call('XADD', KEYS[k], 'NOMKSTREAM', '*', 'i', ARGV[a + 1], 'a', ARGV[a + 2], 'e', ARGV[a + 3])
    n = n + 1
  end
end
return n
";

/// Renews leases, and returns the entries whose calls are no longer wanted: those that another worker owns, whose
/// caller is gone, or that are cancelled. `KEYS`: the calls, and for each entry its results and its mark. `ARGV`: the
/// group, the worker, and the entries.
pub(super) const RENEW: &str = r"
local gone = {}
for k = 2, #KEYS, 2 do
  local id = ARGV[2 + k / 2]
  local p = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
  local asked = string.sub(KEYS[k], -9) == ':r:nobody' or redis.call('EXISTS', KEYS[k]) == 1
  local kept = asked and p[1] and p[1][2] == ARGV[2]
    and #redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'JUSTID') == 1
  if not kept or redis.call('EXISTS', KEYS[k + 1]) == 1 then gone[#gone + 1] = id end
end
return gone
";

/// Takes the calls back that no worker has, and marks the others as cancelled. Returns the entries that were taken
/// back. `KEYS`: the calls, and for each call its mark. `ARGV`: the group, how long a mark lasts, and for each call its
/// entry.
pub(super) const TAKE_BACK: &str = r"
local back = {}
for k = 2, #KEYS do
  local id = ARGV[k + 1]
  local p = redis.pcall('XPENDING', KEYS[1], ARGV[1], id, id, 1)
  if p.err or not p[1] then
    if redis.call('XDEL', KEYS[1], id) == 1 then back[#back + 1] = id end
  else
    redis.call('SET', KEYS[k], 1, 'PX', ARGV[2])
  end
end
return back
";

/// Forgets a worker, unless entries are still handed to it. `KEYS`: the calls. `ARGV`: the group, the worker.
pub(super) const FORGET: &str = r"
local p = redis.pcall('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if not p.err and not p[1] then return redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
return 0
";
