"""catalog: service-linked roles: what AWS calls the role of a service, and which managed policy it has.

Those are listed whose name and policy AWS's documentation gives; AWS has more.

Source: each service's user guide, "Using service-linked roles"; AWS Managed Policy Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_DOMAIN: Final = ".amazonaws.com"
_ROLE: Final = "AWSServiceRoleFor"
_POLICY: Final = "arn:aws:iam::aws:policy/aws-service-role/"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedService:
    """A service that has a role in the accounts of its customers."""

    principal: str
    """`ecs.amazonaws.com`."""
    role: str
    """The role's name, without a suffix."""
    policy: str
    """ARN of its managed policy."""
    suffixes: bool
    """Whether an account may have several, told apart by a suffix."""


_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "access-analyzer": ("AccessAnalyzer", "AccessAnalyzerServiceRolePolicy"),
    "apidestinations.events": (
        "AmazonEventBridgeApiDestinations",
        "AmazonEventBridgeApiDestinationsServiceRolePolicy",
    ),
    "autoscaling": ("AutoScaling", "AutoScalingServiceRolePolicy"),
    "backup": ("Backup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    "batch": ("Batch", "BatchServiceRolePolicy"),
    "cassandra.application-autoscaling": (
        "ApplicationAutoScaling_CassandraTable",
        "AWSApplicationAutoscalingCassandraTablePolicy",
    ),
    "channels.lex": ("LexChannels", "LexChannelPolicy"),
    "cks.kms": (
        "KeyManagementServiceCustomKeyStores",
        "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy",
    ),
    "cloud9": ("AWSCloud9", "AWSCloud9ServiceRolePolicy"),
    "cloudhsm": ("CloudHSM", "CloudHSMServiceRolePolicy"),
    "cloudtrail": ("CloudTrail", "CloudTrailServiceRolePolicy"),
    "compute-optimizer": ("ComputeOptimizer", "ComputeOptimizerServiceRolePolicy"),
    "config": ("Config", "AWSConfigServiceRolePolicy"),
    "connect": ("AmazonConnect", "AmazonConnectServiceLinkedRolePolicy"),
    "datasync": ("DataSync", "AWSDataSyncServiceRolePolicy"),
    "dax": ("DAX", "DAXServiceRolePolicy"),
    "delivery.logs": ("LogDelivery", "AWSServiceRoleForLogDeliveryPolicy"),
    "devops-guru": ("DevOpsGuru", "AmazonDevOpsGuruServiceRolePolicy"),
    "dynamodb.application-autoscaling": (
        "ApplicationAutoScaling_DynamoDBTable",
        "AWSApplicationAutoscalingDynamoDBTablePolicy",
    ),
    "ec2.application-autoscaling": (
        "ApplicationAutoScaling_EC2SpotFleetRequest",
        "AWSApplicationAutoscalingEC2SpotFleetRequestPolicy",
    ),
    "ec2fleet": ("EC2Fleet", "AWSEC2FleetServiceRolePolicy"),
    "ecs": ("ECS", "AmazonECSServiceRolePolicy"),
    "ecs.application-autoscaling": (
        "ApplicationAutoScaling_ECSService",
        "AWSApplicationAutoscalingECSServicePolicy",
    ),
    "eks": ("AmazonEKS", "AmazonEKSServiceRolePolicy"),
    "eks-fargate": ("AmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy"),
    "eks-nodegroup": ("AmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"),
    "elasticache": ("ElastiCache", "ElastiCacheServiceRolePolicy"),
    "elasticbeanstalk": ("ElasticBeanstalk", "AWSElasticBeanstalkServiceRolePolicy"),
    "elasticfilesystem": ("AmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy"),
    "elasticloadbalancing": ("ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    "elasticmapreduce": ("EMRCleanup", "AmazonEMRCleanupPolicy"),
    "emr-containers": ("AmazonEMRContainers", "AmazonEMRContainersServiceRolePolicy"),
    "es": ("AmazonElasticsearchService", "AmazonElasticsearchServiceRolePolicy"),
    "events": ("CloudWatchEvents", "CloudWatchEventsServiceRolePolicy"),
    "fms": ("FMS", "FMSServiceRolePolicy"),
    "fsx": ("AmazonFSx", "AmazonFSxServiceRolePolicy"),
    "globalaccelerator": ("GlobalAccelerator", "AWSGlobalAcceleratorSLRPolicy"),
    "guardduty": ("AmazonGuardDuty", "AmazonGuardDutyServiceRolePolicy"),
    "imagebuilder": ("ImageBuilder", "AWSServiceRoleForImageBuilder"),
    "inspector": ("AmazonInspector", "AmazonInspectorServiceRolePolicy"),
    "inspector2": ("AmazonInspector2", "AmazonInspector2ServiceRolePolicy"),
    "kafka": ("Kafka", "KafkaServiceRolePolicy"),
    "kafkaconnect": ("KafkaConnect", "KafkaConnectServiceRolePolicy"),
    "lakeformation": ("LakeFormationDataAccess", "LakeFormationDataAccessServiceRolePolicy"),
    "lambda.application-autoscaling": (
        "ApplicationAutoScaling_LambdaConcurrency",
        "AWSApplicationAutoscalingLambdaConcurrencyPolicy",
    ),
    "lex": ("LexBots", "LexBotPolicy"),
    "lexv2": ("LexV2Bots", "AmazonLexV2BotPolicy"),
    "logger.cloudfront": ("CloudFrontLogger", "AWSCloudFrontLogger"),
    "macie": ("AmazonMacie", "AmazonMacieServiceRolePolicy"),
    "malware-protection.guardduty": (
        "AmazonGuardDutyMalwareProtection",
        "AmazonGuardDutyMalwareProtectionServiceRolePolicy",
    ),
    "member.org.stacksets.cloudformation": (
        "CloudFormationStackSetsOrgMember",
        "CloudFormationStackSetsOrgMemberServiceRolePolicy",
    ),
    "memorydb": ("MemoryDB", "MemoryDBServiceRolePolicy"),
    "mq": ("AmazonMQ", "AmazonMQServiceRolePolicy"),
    "mrk.kms": (
        "KeyManagementServiceMultiRegionKeys",
        "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
    ),
    "network-firewall": ("NetworkFirewall", "AWSNetworkFirewallServiceRolePolicy"),
    "networkmanager": ("NetworkManager", "AWSNetworkManagerServiceRolePolicy"),
    "opensearchservice": ("AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    "ops.apigateway": ("APIGateway", "APIGatewayServiceRolePolicy"),
    "organizations": ("Organizations", "AWSOrganizationsServiceTrustPolicy"),
    "ram": ("ResourceAccessManager", "AWSResourceAccessManagerServiceRolePolicy"),
    "rds": ("RDS", "AmazonRDSServiceRolePolicy"),
    "rds.application-autoscaling": (
        "ApplicationAutoScaling_RDSCluster",
        "AWSApplicationAutoscalingRDSClusterPolicy",
    ),
    "redshift": ("Redshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    "replication.dynamodb": ("DynamoDBReplication", "DynamoDBReplicationServiceRolePolicy"),
    "replicator.lambda": ("LambdaReplicator", "AWSLambdaReplicator"),
    "resource-explorer-2": ("ResourceExplorer", "AWSResourceExplorerServiceRolePolicy"),
    "resource-groups": ("ResourceGroups", "ResourceGroupsServiceRolePolicy"),
    "rolesanywhere": ("RolesAnywhere", "AWSRolesAnywhereServicePolicy"),
    "route53resolver": ("Route53Resolver", "Route53ResolverServiceRolePolicy"),
    "sagemaker": ("AmazonSageMakerNotebooks", "AmazonSageMakerNotebooksServiceRolePolicy"),
    "sagemaker.application-autoscaling": (
        "ApplicationAutoScaling_SageMakerEndpoint",
        "AWSApplicationAutoscalingSageMakerEndpointPolicy",
    ),
    "securityhub": ("SecurityHub", "AWSSecurityHubServiceRolePolicy"),
    "servicequotas": ("ServiceQuotas", "ServiceQuotasServiceRolePolicy"),
    "shield": ("AWSShield", "AWSShieldServiceRolePolicy"),
    "spot": ("EC2Spot", "AWSEC2SpotServiceRolePolicy"),
    "spotfleet": ("EC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"),
    "ssm": ("AmazonSSM", "AmazonSSMServiceRolePolicy"),
    "sso": ("SSO", "AWSSSOServiceRolePolicy"),
    "stacksets.cloudformation": (
        "CloudFormationStackSetsOrgAdmin",
        "CloudFormationStackSetsOrgAdminServiceRolePolicy",
    ),
    "support": ("Support", "AWSSupportServiceRolePolicy"),
    "transitgateway": ("VPCTransitGateway", "AWSVPCTransitGatewayServiceRolePolicy"),
    "trustedadvisor": ("TrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy"),
    "vpc-lattice": ("VpcLattice", "AWSVpcLatticeServiceRolePolicy"),
    "wafv2": ("WAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
}
_SUFFIXES: Final = frozenset({"autoscaling", "connect", "lexv2"})

LINKED_SERVICES: Final[Mapping[str, LinkedService]] = MappingProxyType(
    {
        name + _DOMAIN: LinkedService(
            principal=name + _DOMAIN, role=_ROLE + role, policy=_POLICY + policy, suffixes=name in _SUFFIXES
        )
        for name, (role, policy) in _NAMES.items()
    }
)
"""By principal."""
