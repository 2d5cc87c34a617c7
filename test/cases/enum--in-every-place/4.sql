ALTER TYPE "Mood" ADD VALUE 'before' BEFORE 'between';
ALTER TYPE "Mood" RENAME TO mood;
