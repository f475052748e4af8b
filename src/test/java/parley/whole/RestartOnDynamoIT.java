package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** What is there after a crash, where the store is DynamoDB. */
@ExtendWith(OnDynamo.class)
class RestartOnDynamoIT extends RestartIT {}
