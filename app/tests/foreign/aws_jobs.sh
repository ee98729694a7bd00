# Step Functions and Lambda through the AWS CLI.
set -eu
. "$(dirname "$0")/aws_check.sh"
# Version 2 takes payloads in base64 unless it is told otherwise; version 1 does not know the option.
case $(aws --version) in aws-cli/1*) raw= ;; *) raw="--cli-binary-format raw-in-base64-out" ;; esac
account=$(aws stepfunctions list-state-machines --output text --query 'stateMachines[0].stateMachineArn' | cut -d: -f5)
arn=arn:aws:states:us-east-1:$account

cat >work.json <<JSON
{"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "$arn:activity:cli", "TimeoutSeconds": 60, "End": true}}}
JSON
says an_activity_is_made "$arn:activity:cli" aws stepfunctions create-activity --name cli --output text --query activityArn
says a_definition_is_checked "OK" \
    aws stepfunctions validate-state-machine-definition --definition file://work.json --output text --query result
says a_machine_is_made "$arn:stateMachine:cli" aws stepfunctions create-state-machine --name cli \
    --definition file://work.json --role-arn "arn:aws:iam::$account:role/any" --output text --query stateMachineArn
says an_execution_starts "$arn:execution:cli:one" aws stepfunctions start-execution \
    --state-machine-arn "$arn:stateMachine:cli" --name one --input '{"n": 1}' --output text --query executionArn

token=$(aws stepfunctions get-activity-task --cli-read-timeout 70 --activity-arn "$arn:activity:cli" \
    --worker-name shell --output text --query taskToken)
holds a_worker_beats aws stepfunctions send-task-heartbeat --task-token "$token"
holds a_worker_answers aws stepfunctions send-task-success --task-token "$token" --task-output '{"n": 2}'
says the_execution_has_succeeded 'SUCCEEDED	{"n": 2}' aws stepfunctions describe-execution \
    --execution-arn "$arn:execution:cli:one" --output text --query '[status,output]'
says its_history_names_the_worker "shell" aws stepfunctions get-execution-history --execution-arn "$arn:execution:cli:one" \
    --output text --query 'events[].activityStartedEventDetails.workerName'
says it_is_listed "one" aws stepfunctions list-executions --state-machine-arn "$arn:stateMachine:cli" \
    --status-filter SUCCEEDED --output text --query 'executions[].name'
refuses it_is_not_redriven "Execution is SUCCEEDED and cannot be redriven" \
    aws stepfunctions redrive-execution --execution-arn "$arn:execution:cli:one"
refuses an_unknown_machine_is_named "State Machine Does Not Exist: '$arn:stateMachine:nobody'" \
    aws stepfunctions start-execution --state-machine-arn "$arn:stateMachine:nobody"
refuses a_standard_machine_is_not_waited_for "This operation is not supported by this type of state machine" \
    aws stepfunctions start-sync-execution --state-machine-arn "$arn:stateMachine:cli"

says functions_are_listed "whiteboarder-clean	whiteboarder-plan	whiteboarder-record" \
    aws lambda list-functions --output text --query 'Functions[].FunctionName'
says a_function_is_invoked "200	Unhandled" aws lambda invoke --function-name whiteboarder-plan \
    --payload '{"action": "dance"}' $raw answer.json --output text --query '[StatusCode,FunctionError]'
holds its_answer_is_in_the_file grep -q '"errorType":"InvalidEvent"' answer.json
refuses other_services_are_not_here "The local cloud has no service sts" aws sts get-caller-identity
