-- Which calls were there, when the legs of a forked call are one call?
SELECT
  export, day, call, direction, country, currency, from_number, to_number, started_at, answered_at, ended_at,
  answered, result, hangup_cause, q850_cause, sip_code, legs, answered_s, billed_s, cost, unpriced
FROM (
  SELECT
    export, day, call, direction, country, currency, from_number, to_number,
    min(started_at) OVER one AS started_at,
    min(answered_at) OVER one AS answered_at,
    max(ended_at) OVER one AS ended_at,
    answered, result, hangup_cause, q850_cause, sip_code,
    count(*) OVER one AS legs,
    sum(CASE WHEN answered THEN duration_s END) OVER one AS answered_s,
    sum(billed_s) OVER one AS billed_s,
    -- Money of two currencies is no sum.
    CASE
      WHEN count(currency) OVER one = 0 OR (
        count(currency) OVER one = count(*) OVER one AND min(currency) OVER one = max(currency) OVER one
      ) THEN sum(cost) OVER one
    END AS cost,
    count_if(cost IS NULL) OVER one AS unpriced,
    -- The leg that tells what became of the call comes first.
    row_number() OVER (
      PARTITION BY export, day, call
      ORDER BY
        CASE
          WHEN answered THEN 0 WHEN result = 'busy' THEN 1 WHEN result = 'no_answer' THEN 2
          WHEN result = 'rejected' THEN 3 WHEN result = 'cancelled' THEN 5 ELSE 4
        END,
        started_at, row_id
    ) AS place
  FROM ({rows}) AS legs_asked
  WINDOW one AS (PARTITION BY export, day, call)
) AS folded
WHERE place = 1
