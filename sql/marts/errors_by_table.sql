-- One row per table and error code: the number of failed calls, and an example message.
select
    table_name,
    error,
    count(*) as count,
    max(attempts) as most_attempts,
    min(error_message) as example_message
from calls
where error is not null
group by table_name, error
order by count desc, table_name, error
