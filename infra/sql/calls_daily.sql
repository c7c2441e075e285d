-- How many calls were there each day, how many were answered, how long did they last and what did they cost?
SELECT
  export, day, direction, country, currency, legs, calls, answered, reached,
  CASE WHEN chosen = 0 THEN CAST(answered AS double) / calls END AS asr,
  CASE WHEN chosen = 0 THEN CAST(reached AS double) / calls END AS ner,
  answered_s,
  CAST(answered_s AS double) / nullif(answered, 0) AS acd_s,
  answered_s / 60e0 AS minutes,
  billed_s,
  billed_s / 60e0 AS billed_minutes,
  cost, unpriced,
  CAST(cost AS double) / nullif(billed_s / 60e0, 0) AS effective_rate
FROM (
  SELECT
    export, day, direction, country, currency,
    count(*) AS legs,
    count(DISTINCT call_id) + count_if(call_id IS NULL) AS calls,
    count(DISTINCT CASE WHEN answered THEN call_id END) + count_if(answered AND call_id IS NULL) AS answered,
    count(DISTINCT CASE WHEN answered OR result IN ('busy', 'no_answer', 'rejected') THEN call_id END)
      + count_if((answered OR result IN ('busy', 'no_answer', 'rejected')) AND call_id IS NULL) AS reached,
    coalesce(sum(CASE WHEN answered THEN duration_s END), 0) AS answered_s,
    coalesce(sum(billed_s), 0) AS billed_s,
    sum(cost) AS cost,
    count_if(cost IS NULL) AS unpriced,
    count(chosen_export) AS chosen
  FROM ({rows}) AS legs_asked
  LEFT JOIN ({choosing}) AS choosing
    ON chosen_export = export AND chosen_dt = dt AND chosen_source = source
  GROUP BY export, day, direction, country, currency
) AS counted
