CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS ("user" 'app', password 'hunter2');
