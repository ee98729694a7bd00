# Objects in S3 through the AWS CLI: the commands that people type.
set -eu
. "$(dirname "$0")/aws_check.sh"
aws s3 mb s3://photos >output.txt
printf 1 | aws s3 cp - "s3://photos/folder/a b.txt"
printf 2 | aws s3 cp - s3://photos/folder/sub/ü+1.txt

stdin() { printf "from a pipe" | aws s3 cp - s3://photos/piped.txt; }
holds standard_input_goes_up stdin
says it_comes_down_to_standard_output "from a pipe" aws s3 cp s3://photos/piped.txt -
list() { aws s3 ls "$@" | awk '{ print $NF }'; }
says a_list_has_folders_and_files "folder/
piped.txt" list s3://photos/
says a_list_goes_deep "folder/a b.txt
folder/sub/ü+1.txt" aws s3api list-objects-v2 --bucket photos --prefix folder/ --output text --query 'Contents[].[Key]'
says pages_join "folder/a b.txt
folder/sub/ü+1.txt
piped.txt" aws s3api list-objects-v2 --bucket photos --page-size 1 --output text --query 'Contents[].[Key]'

url=$(aws s3 presign s3://photos/piped.txt --expires-in 60)
fetch() { "${PYTHON:-python3}" -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' "$url"; }
says a_presigned_url_is_enough "from a pipe" fetch

holds an_object_is_moved aws s3 mv --only-show-errors s3://photos/piped.txt s3://photos/moved.txt
refuses what_was_moved_is_gone "404" aws s3api head-object --bucket photos --key piped.txt
refuses a_missing_key_is_named "NoSuchKey" aws s3api get-object --bucket photos --key piped.txt x.txt
refuses a_missing_bucket_is_named "NoSuchBucket" aws s3 ls s3://nobody
part() { aws s3api get-object --bucket photos --key moved.txt --range bytes=5-9 part.txt >answer.txt && cat part.txt; }
says a_range_is_read "a pip" part
refuses versions_are_not_here "NotImplemented" aws s3api put-bucket-versioning --bucket photos --versioning-configuration Status=Enabled
refuses a_full_bucket_stays "BucketNotEmpty" aws s3 rb s3://photos
holds objects_are_removed_together aws s3 rm --only-show-errors --recursive s3://photos/folder
holds a_bucket_is_emptied_and_removed aws s3 rb --force s3://photos
says it_is_gone "0" aws s3api list-buckets --output text --query "length(Buckets[?Name=='photos'])"
