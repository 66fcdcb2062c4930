-- For wrk: asks for one address, or for that of marks drawn at random, and prints what came of it as one JSON object.
-- wrk … -s load.lua URL -- [PATH WITH {number} IN IT, FILE OF NUMBERS, SEED]
local numbers, before, after
local seeds = 0

function setup(thread)
  seeds = seeds + 1
  thread:set("place", seeds)
end

function init(arguments)
  if not arguments[1] then return end
  before, after = arguments[1]:match("^(.-){number}(.*)$")
  numbers = {}
  for line in io.lines(arguments[2]) do numbers[#numbers + 1] = line end
  math.randomseed(tonumber(arguments[3]) * 64 + place)
  request = function()
    return "GET " .. before .. numbers[math.random(#numbers)] .. after .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
  end
end

function done(summary, latency)
  local bad = summary.errors
  print(string.format('{"rate": %.1f, "p50_us": %d, "p99_us": %d, "errors": %d}',
    summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(99),
    bad.connect + bad.read + bad.write + bad.status + bad.timeout))
end
