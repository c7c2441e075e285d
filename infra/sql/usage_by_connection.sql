-- Whose minutes are these: which connection, billing group and account used them?
SELECT
  export, connection_id, billing_group, account_id, direction, currency,
  count(DISTINCT call) AS calls,
  count(DISTINCT CASE WHEN answered THEN call END) AS answered,
  sum(CASE WHEN answered THEN duration_s END) / 60e0 AS minutes,
  sum(billed_s) / 60e0 AS billed_minutes,
  sum(cost) AS cost,
  count_if(cost IS NULL) AS unpriced
FROM ({rows}) AS legs_asked
GROUP BY export, connection_id, billing_group, account_id, direction, currency
ORDER BY billed_minutes DESC, export, connection_id, billing_group, account_id, direction
