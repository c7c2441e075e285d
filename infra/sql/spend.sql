-- What did we spend each month, and what does the vendor say?
-- Calls count in the month they began in, the vendor's totals and ours beside them in the month of their window (UTC).
-- The vendor's totals stand beside the one currency of a month; where there are several, beside none.
SELECT
  coalesce(spent.export, told.export) AS export,
  coalesce(spent.month, told.month) AS month,
  currency,
  coalesce(calls, 0) AS calls,
  coalesce(unpriced, 0) AS unpriced,
  coalesce(billed_minutes, 0e0) AS billed_minutes,
  cost,
  CASE WHEN coalesce(currencies, 1) = 1 THEN windows END AS windows,
  CASE WHEN coalesce(currencies, 1) = 1 THEN windows_with_total END AS windows_with_total,
  CASE WHEN coalesce(currencies, 1) = 1 THEN windows_cost END AS windows_cost,
  CASE WHEN coalesce(currencies, 1) = 1 THEN vendor_cost END AS vendor_cost,
  CASE WHEN coalesce(currencies, 1) = 1 THEN vendor_cost - windows_cost END AS difference
FROM (
  SELECT counted.*, count(*) OVER (PARTITION BY export, month) AS currencies
  FROM (
    SELECT
      export, substr(CAST(day AS varchar), 1, 7) AS month, currency,
      count(*) AS calls, count_if(cost IS NULL) AS unpriced, sum(billed_s) / 60e0 AS billed_minutes, sum(cost) AS cost
    FROM ({rows}) AS legs_asked
    GROUP BY export, substr(CAST(day AS varchar), 1, 7), currency
  ) AS counted
) AS spent
FULL JOIN (
  SELECT
    export, month,
    count(*) AS windows,
    count(vendor_cost) AS windows_with_total,
    sum(CASE WHEN vendor_cost IS NOT NULL THEN CAST(cost AS decimal(38,8)) END) AS windows_cost,
    sum(CAST(vendor_cost AS decimal(38,8))) AS vendor_cost
  FROM {database}.windows
  WHERE month BETWEEN substr({opening}, 1, 7) AND substr({closing}, 1, 7)
    AND dt BETWEEN {opening} AND {closing}
    AND export IN ({only})
    AND published_revision IS NOT NULL
  GROUP BY export, month
) AS told
  ON told.export = spent.export AND told.month = spent.month
