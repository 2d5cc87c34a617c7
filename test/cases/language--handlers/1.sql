CREATE LANGUAGE bare HANDLER plpgsql_call_handler;
CREATE TRUSTED LANGUAGE "Full one" HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
COMMENT ON LANGUAGE bare IS 'no DO';
