-- How many calls are answered, and how long do they last, hour by hour?
SELECT
  export, hour, direction, calls, answered,
  CASE WHEN chosen = 0 THEN CAST(answered AS double) / calls END AS asr,
  CASE WHEN chosen = 0 THEN CAST(reached AS double) / calls END AS ner,
  CAST(answered_s AS double) / nullif(answered, 0) AS acd_s
FROM (
  SELECT
    export, date_trunc('hour', local_at) AS hour, direction,
    count(DISTINCT call) AS calls,
    count(DISTINCT CASE WHEN answered THEN call END) AS answered,
    count(DISTINCT CASE WHEN answered OR result IN ('busy', 'no_answer', 'rejected') THEN call END) AS reached,
    sum(CASE WHEN answered THEN duration_s END) AS answered_s,
    count(chosen_export) AS chosen
  FROM ({rows}) AS legs_asked
  LEFT JOIN ({choosing}) AS choosing
    ON chosen_export = export AND chosen_dt = dt AND chosen_source = source
  GROUP BY export, date_trunc('hour', local_at), direction
) AS counted
ORDER BY export, hour, direction
