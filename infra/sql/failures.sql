-- Why do calls fail, hour by hour, to and from which country?
-- A leg of a forked call that another leg answered is no failure.
SELECT
  export, day, hour, direction, country, result, hangup_cause, q850_cause, sip_code,
  count(*) AS legs,
  count(DISTINCT call) AS calls
FROM (
  SELECT
    export, day, date_trunc('hour', local_at) AS hour, direction, country, result, hangup_cause, q850_cause, sip_code,
    call,
    max(CASE WHEN answered THEN 1 ELSE 0 END) OVER (PARTITION BY export, day, call) AS taken
  FROM ({rows}) AS legs_asked
) AS told
WHERE taken = 0
GROUP BY export, day, hour, direction, country, result, hangup_cause, q850_cause, sip_code
