ALTER TYPE "Mood" ADD VALUE 'between' AFTER 'a,b';
