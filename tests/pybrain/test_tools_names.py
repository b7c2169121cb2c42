"""Every public name of PyBrain's data sets, trainers and tools can be imported from its module."""

import importlib

import pytest

# Module -> names; after a colon the methods that programs call.
NAMES = """
pybrain.auxiliary.gaussprocess
    GaussianProcess: reset trainOnDataset addDataset addSample testOnArray draw plotCurves
pybrain.auxiliary.gradientdescent
    GradientDescent: init
    NaturalGradient: init
    IRpropPlus: init
pybrain.auxiliary.importancemixing
    importanceMixing testImportanceMixing
pybrain.auxiliary.kmeans
    kinit kmeanspp
pybrain.auxiliary.pca
    reduceDim makeCentered pca pPca
pybrain.datasets.classification
    ClassificationDataSet: load_matlab load_libsvm assignClasses calculateStatistics getClass
        splitByClass castToRegression
    SequenceClassificationDataSet: stratifiedSplit getSequenceClass removeSequence save_netcdf
pybrain.datasets.dataset
    DataSet: getVectorFormat setVectorFormat addField setField linkFields unlinkFields getDimension
        getLength append appendLinked getLinked getField hasField getFieldNames
    OutOfSyncError VectorFormatError NoLinkedFieldsError
pybrain.datasets.importance
    ImportanceDataSet: addSample
pybrain.datasets.reinforcement
    ReinforcementDataSet: addSample getSumOverSequences
pybrain.datasets.sequential
    SequentialDataSet: newSequence getSequence getSequenceIterator endOfSequence gotoSequence
        getCurrentSequence getNumSequences getSequenceLength removeSequence clear evaluateModuleMSE
    EmptySequenceError
pybrain.datasets.supervised
    SupervisedDataSet: addSample getSample setField evaluateMSE evaluateModuleMSE
        splitWithProportion
pybrain.datasets.unsupervised
    UnsupervisedDataSet: addSample getSample
pybrain.supervised.evolino.filter
    EvolinoEvaluation: apply
    EvolinoSelection: apply
    EvolinoReproduction: apply
    EvolinoBurstMutation: apply
    EvolinoSubSelection: apply
    EvolinoSubReproduction: apply
    EvolinoSubMutation
pybrain.supervised.evolino.gfilter
    Filter: apply
    SimpleMutation: apply
    Randomization: apply
    isiter SimpleGenomeManipulation
pybrain.supervised.evolino.gindividual
    Individual: getGenome copy
pybrain.supervised.evolino.gpopulation
    Population: getIndividuals addIndividual addIndividuals removeIndividual removeIndividuals
        setIndividualFitness
    SimplePopulation: getIndividuals addIndividual addIndividuals removeIndividual removeIndividuals
        setIndividualFitness getIndividualFitness clearFitness getFitnessMap getMaxFitness
pybrain.supervised.evolino.individual
    EvolinoIndividual: getGenome getSubIndividuals
    EvolinoSubIndividual: getGenome setGenome copy
pybrain.supervised.evolino.networkwrapper
    EvolinoNetwork: reset activate calculateOutput getGenome setGenome setOutputWeightMatrix
        getOutputWeightMatrix
    NetworkWrapper: getNetwork getGenome setGenome setOutputWeightMatrix getOutputWeightMatrix
        injectBackproject getOutputLayer getOutputConnection getLastHiddenLayer getFirstHiddenLayer
pybrain.supervised.evolino.population
    EvolinoPopulation: getIndividuals getSubPopulations setIndividualFitness clearFitness
    EvolinoSubPopulation: setArgs getMaxNIndividuals addIndividualFitness
pybrain.supervised.evolino.variate
    UniformVariate: getSample
    CauchyVariate: getSample
    GaussianVariate: getSample
pybrain.supervised.knn.lsh.minhash
    MinHash: put knn
    arrayPermutation jacardCoefficient
pybrain.supervised.knn.lsh.nearoptimal
    MultiDimHash: findBall insert knn
pybrain.supervised.trainers.backprop
    BackpropTrainer: train testOnData testOnClassData trainUntilConvergence
pybrain.supervised.trainers.evolino
    EvolinoTrainer: setDataset trainOnDataset train burstMutate
pybrain.supervised.trainers.mixturedensity
    BackpropTrainerMix: setData
    gaussian RPropMinusTrainerMix
pybrain.supervised.trainers.rprop
    RPropMinusTrainer: train
pybrain.supervised.trainers.svmtrainer
    SVMTrainer: train save load setParams
    GridSearch: setParams search calculate_jobs
    GridSearchDOE: search refineGrid
pybrain.supervised.trainers.trainer
    Trainer: setData trainOnDataset trainEpochs train
pybrain.tools.aptativeresampling
    AdaptiveResampler testnes
pybrain.tools.benchmark
    BenchmarkDataSet
pybrain.tools.datasettools
    DataSetNormalizer: load save normalizePattern normalize calculate
    convertSequenceToTimeWindows windowSequenceEval
pybrain.tools.example_tools
    ExTools: loadWeights saveWeights saveResults printResults addExps showExps
pybrain.tools.filehandling
    getAllFilesIn selectSome pickleDumpDict pickleReadDict addToDictFile
pybrain.tools.fisher
    calcFisherInformation calcInvFisher
pybrain.tools.gridsearch
    GridSearch2D: setArgs getPerformances search
    GridSearchDOE: setArgs search
    GridSearchCostGamma: setArgs
    GridSearchDOECostGamma: setArgs
pybrain.tools.ibp
    leftordered generateIBP testIBP
pybrain.tools.kwargsprocessor
    KWArgDsc: hasDefault
    KWArgsProcessor: add
pybrain.tools.neuralnets
    NNtools: initGraphics set saveTrainingCurve saveNetwork
    NNregression: setupNN runTraining
    NNclassifier: setupNN setupRNN runTraining
pybrain.tools.nondominated
    crowding_distance _non_dominated_front_old _non_dominated_front_fast _non_dominated_front_merge
    _non_dominated_front_arr _non_dominated_front_merge_arr non_dominated_sort
    _const_non_dominated_front_merge_arr _const_non_dominated_front_arr const_non_dominated_sort
    const_crowding_distance const_number_of_feasible_pop
pybrain.tools.rankingfunctions
    TopLinearRanking: getPossibleParameters setParameter
    rankedFitness normalizedFitness RankingFunction TournamentSelection SmoothGiniRanking
    ExponentialRanking HansenRanking TopSelection BilinearRanking
pybrain.tools.rlgluebridge
    RlglueAgentAdapter: agent_init agent_start agent_step agent_end agent_cleanup agent_freeze
        agent_message
    RLCExperiment: start stop
    RlCompBenchmark: run testAgent saveStats
    BenchmarkingAgent: giveReward newEpisode
    RLGlueError RLCompetitionNotFound adaptAgent adaptAgentObject testAgent
pybrain.tools.svmdata
    SVMData: loadData loadMATdata loadSVMdata loadRawData getNbClasses getNbSamples getTargets
        getFileName getClass
pybrain.tools.validation
    Validator: classificationPerformance ESS MSE
    ClassificationHelper: oneOfManyToClasses
    SequenceHelper: getSequenceEnds getSequenceStarts getSequenceEndsImportance
    ModuleValidator: classificationPerformance MSE validate calculateModuleOutput
    CrossValidator: setArgs validate
    testOnSequenceData
pybrain.tools.datasets.mnist
    labels images flaggedArrayByIndex makeMnistDataSets
pybrain.tools.mixtures.mixtureofgaussian
    MixtureOfGaussians: getStND plotGaussian getGaus testRewardFunction drawSample learn sigmo
        invSigmo plotReward getSample sample
pybrain.tools.mixtures.mogpuremax
    MixtureOfGaussians: getStND getGaus drawSample learn sigmo invSigmo getSample
pybrain.tools.networking.udpconnection
    UDPServer: addClient listen send
    UDPClient: listen createSockets
pybrain.tools.plotting.ciaoplot
    CiaoPlot: generateData
pybrain.tools.plotting.classification
    ClassificationDataSetPlot: plot_module_classification_sequence_performance
        plot_module_classification_dataset_performance
pybrain.tools.plotting.colormaps
    ColorMap: show save
pybrain.tools.plotting.fitnesslandscapes
    FitnessPlotter: plotAll addSamples addCovEllipse saveAs
    plotCovEllipse
pybrain.tools.plotting.fitnessprogression
    plotFitnessProgession
pybrain.tools.plotting.multiline
    MultilinePlotter: setOffset addData setData saveData setLabels setLegend setLineStyle update
        show
pybrain.tools.plotting.quickvariations
    plotVariations
pybrain.unsupervised.trainers.deepbelief
    DeepBeliefTrainer: trainRbm iterRbms train
pybrain.unsupervised.trainers.rbm
    RbmGibbsTrainer: train trainOnDataset calcUpdateByRow sampler updater calcUpdateByRows
    RbmBernoulliTrainer: sampler updater
    RbmGaussTrainer: sampler updater
    RbmGibbsTrainerConfig
pybrain.tools.neuralnets
    Trainer ClassificationDataSet SequentialDataSet NetworkWriter ModuleValidator Validator testOnSequenceData
pybrain.tools.validation
    SupervisedDataSet
pybrain.tools.shortcuts
    LSTMLayer FeedForwardNetwork RecurrentNetwork LinearLayer SigmoidLayer BiasUnit FullConnection
pybrain.structure.modules.lstm
    sigmoid sigmoidPrime tanhPrime
pybrain.structure.modules.sigmoidlayer
    sigmoid
"""


def table():
    module, names = "", []
    for line in NAMES.strip().splitlines():
        if not line.startswith(" "):
            module = line
        elif line.startswith("        "):
            names[-1][2].extend(line.split())
        elif ":" in line:
            name, methods = line.split(":")
            names.append((module, name.strip(), methods.split()))
        else:
            names += [(module, name, []) for name in line.split()]
    return names


@pytest.mark.parametrize(
    ("module", "name", "methods"), table(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_name_is_importable_from_pybrains_module(module, name, methods):
    found = getattr(importlib.import_module(module), name)
    for method in methods:
        assert hasattr(found, method), f"{module}.{name} has no {method}"
