# Files and folders to S3 and back, through the AWS CLI.
set -eu
. "$(dirname "$0")/aws_check.sh"

says a_bucket_is_made "make_bucket: photos" aws s3 mb s3://photos
refuses it_is_made_once "BucketAlreadyOwnedByYou" aws s3 mb s3://photos

# Beyond 8 MB the CLI sends parts.
head -c 20971520 /dev/urandom >big.bin
holds a_big_file_goes_up aws s3 cp --only-show-errors --content-type image/x-board --metadata recipe=default big.bin s3://photos/up/big.bin
holds a_big_file_comes_down aws s3 cp --only-show-errors s3://photos/up/big.bin down.bin
holds it_is_the_same cmp big.bin down.bin
says it_is_described "20971520	image/x-board	default" \
    aws s3api head-object --bucket photos --key up/big.bin --output text --query '[ContentLength,ContentType,Metadata.recipe]'

mkdir -p folder/sub
printf one >"folder/a b.txt"
printf two >"folder/sub/ü+1.txt"
: >folder/empty
# Older than the upload: S3 tells times to the second.
touch -t 202001010000 "folder/a b.txt" folder/sub/ü+1.txt folder/empty
holds a_folder_goes_up aws s3 sync --only-show-errors folder s3://photos/folder
says what_is_there_is_not_sent_again "" aws s3 sync folder s3://photos/folder
printf changed >"folder/a b.txt"
rm folder/empty
holds changes_and_deletions_follow aws s3 sync --only-show-errors --delete folder s3://photos/folder
holds a_folder_comes_down aws s3 sync --only-show-errors s3://photos/folder back
holds it_is_the_same_folder diff -r folder back
holds a_bucket_is_emptied_and_removed aws s3 rb --force s3://photos
